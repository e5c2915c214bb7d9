#!/bin/sh
# Stands in for pip: checks how it is called, then does what the test wrote beside the models folder.
# (A script that a test writes and runs at once may be "busy" while other tests start programs.)
case "$*" in
    "download --no-deps "*" tiny-model==1.2") ;;
    *) exit 9 ;;
esac
while [ "$1" != --dest ]; do shift; done
dest=$2
. "$dest/../../../pip-body.sh"
