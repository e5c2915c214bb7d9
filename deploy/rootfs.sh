#!/bin/sh
# Makes the file tree of the server's image: the program, the libraries that it loads, and nothing else.
#
#   deploy/rootfs.sh PROGRAM FOLDER
#
# No shell, no package manager, no certificate store, no resolver configuration: there is nothing in it to
# call out with. The Containerfile runs this, and so does a test, which starts the program inside.
set -eu

program=$1
root=$2

mkdir -p "$root/usr/bin" "$root/etc/bailiwick" "$root/models" "$root/proc" "$root/dev"
cp "$program" "$root/usr/bin/bailiwick"

# `ldd` names each library by its path, the loader among them; the kernel's own has none.
ldd "$program" | tr -s ' \t' '\n' | grep '^/' | sort -u | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done

# A user without rights, by number and by name.
echo 'bailiwick:x:65532:65532::/data:/usr/bin/bailiwick' > "$root/etc/passwd"
echo 'bailiwick:x:65532:' > "$root/etc/group"
chmod 0755 "$root" "$root/usr/bin/bailiwick"
