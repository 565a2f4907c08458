#!/bin/sh
# Lays out, in an empty directory, all that the image has: the program, the libraries of this machine that it is linked to, a user.
# The Containerfile runs it, and so does the check of the image where there is no engine.
set -eu
program=$1 root=$2
mkdir -p "$root/usr/local/bin" "$root/usr/share/doc/weightseal" "$root/etc" "$root/tmp" "$root/proc" "$root/dev/shm" "$root/work"
cp "$program" "$root/usr/local/bin/weightseal"
cp "$(dirname "$program")/LICENSES.txt" "$root/usr/share/doc/weightseal/"
ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
echo 'nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin' >"$root/etc/passwd"
echo 'nonroot:x:65532:' >"$root/etc/group"
chmod 1777 "$root/tmp"
