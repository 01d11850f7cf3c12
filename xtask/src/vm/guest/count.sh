# What a request costs, with nothing and with the auditor. The machine has one processor, always
# busy, whose clock counts instructions: one is a nanosecond.

WARM=3000
COUNTED=10000

# How long so many requests take on open connections.
load() {
    h2load --h1 -t 1 -c 8 -n "$1" http://127.0.0.1:8080/hello |
        sed -n 's/^finished in \([0-9.]*m\{0,1\}s\),.*/\1/p'
}

# How long the threads of a process have run, in nanoseconds.
ran() { cat /proc/"$1"/task/*/schedstat | awk '{ sum += $1 } END { printf "%.0f", sum }'; }

say kernel "$(uname -r)"
say requests $COUNTED

mkdir -p /tmp/www /etc /var/lib/nginx
echo hello > /tmp/www/hello
echo root:x:0:0::/: > /etc/passwd
echo root:x:0: > /etc/group
cat > /tmp/nginx.conf <<END
daemon off;
master_process off;
user root;
pid /tmp/nginx.pid;
events { worker_connections 64; }
http {
    access_log off;
    keepalive_requests 1000000;
    server { listen 127.0.0.1:8080; root /tmp/www; }
}
END
nginx -p /tmp -c /tmp/nginx.conf -e /tmp/nginx.log &
sleep 1
tell nginx < /tmp/nginx.log

load $WARM > /dev/null
say nothing "$(load $COUNTED)"
auditor run --output none --no-journal > /dev/null 2> /tmp/log &
auditor=$!
until grep -q 'ready$' /tmp/log || ! kill -0 $auditor; do sleep 0.1; done
load $WARM > /dev/null
sleep 1
before=$(ran $auditor)
say auditor "$(load $COUNTED)"
within=$(ran $auditor)
# What it has not come to yet.
sleep 1
say behind $(($(ran $auditor) - within))
say daemon $(($(ran $auditor) - before))
kill -TERM $auditor
wait $auditor
say run-exit $?
tell log < /tmp/log
