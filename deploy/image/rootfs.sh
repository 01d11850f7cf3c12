#!/bin/sh
# Lays out the whole root file system of the image: rootfs.sh BINARY FOLDER
#
# The binary, the C library that it was linked against, and the authorities that collectors are
# checked with. No shell and no other program: nothing to run for who gets in.
set -eu
binary=$1
root=$2
mkdir -p "$root/usr/bin" "$root/etc/auditor" "$root/etc/auditor-tls" "$root/etc/ssl/certs" \
    "$root/var/lib/auditor" "$root/proc" "$root/sys" "$root/dev" "$root/run" "$root/tmp"
# Line tables stay, so that a trace names a line; compressed they are a third.
objcopy --compress-debug-sections=zlib "$binary" "$root/usr/bin/auditor"
# "name => path (address)", and the loader, which stands there by its path alone.
ldd "$binary" | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) .*/\1/p' |
while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp --dereference "$library" "$root$library"
done
cp --dereference /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo 'root:x:0:0:root:/:/usr/bin/auditor' > "$root/etc/passwd"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
