# What is done on every kernel. Says what it saw, one fact a line; the host judges.

# Requests to busybox, each on a connection of its own; how many were answered.
http1() {
    answered=0
    for n in $(seq 20); do
        [ "$(wget -q -O - "http://$1:8080/hello")" != hello ] || answered=$((answered + 1))
    done
    echo $answered
}

# The same in HTTP/2, on two connections.
http2() {
    h2load -n 20 -c 2 -m 4 http://127.0.0.1:8081/hello | sed -n 's/^requests:.* \([0-9]*\) succeeded.*/\1/p'
}

say kernel "$(uname -r)"

auditor doctor --json > /tmp/doctor 2> /tmp/doctor.log
say doctor-exit $?
tell doctor < /tmp/doctor

mkdir /tmp/www
echo hello > /tmp/www/hello
httpd -p '[::]:8080' -h /tmp/www
nghttpd --no-tls --htdocs=/tmp/www 8081 > /dev/null &
sleep 1

auditor run --output json --no-journal > /tmp/records 2> /tmp/log &
auditor=$!
until grep -q 'ready$' /tmp/log || ! kill -0 $auditor; do sleep 0.1; done
if kill -0 $auditor; then
    bpftool cgroup show /sys/fs/cgroup | tail -n +2 | tell attached
    say ipv4 "$(http1 127.0.0.1)"
    say ipv6 "$(http1 '[::1]')"
    say http2 "$(http2)"
    kill -TERM $auditor
fi
wait $auditor
say run-exit $?
tell log < /tmp/log
tell record < /tmp/records
bpftool prog show | tell left
