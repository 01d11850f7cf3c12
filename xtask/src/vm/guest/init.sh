#!/bin/busybox sh
# First process of the virtual machine. What the kernel does not know of its command line is a
# variable here: hide_types, and play, what is to be done.
/bin/busybox mkdir -p /dev /proc /sbin /sys /tmp
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
export PATH=/bin
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t securityfs none /sys/kernel/security
mount -t tmpfs tmpfs /tmp
[ -z "$hide_types" ] || mount -t tmpfs none /sys/kernel/btf
for module in inet_diag tcp_diag; do insmod /modules/$module.ko; done
ip link set lo up
# The kernel's messages would stand in the middle of what the check says.
dmesg -n 1

say() { echo "@$*"; }
# Each line of standard input, as a fact of this name.
tell() { while IFS= read -r line; do say "$1" "$line"; done; }

. "/${play:-check}.sh"
say end
poweroff -f
