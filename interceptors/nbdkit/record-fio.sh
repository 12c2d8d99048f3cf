#!/bin/sh
# Records what fio does to a 1 GiB memory disk, as nbdkit's log filter sees it: full requests with trims, no root needed.
#
#   record-fio.sh LOG.gz [PACE [FAILED]]
#
# Needs nbdkit (with its memory plugin, log and error filters), fio with the nbd engine, and gzip. PACE divides the
# length of every phase (default 1, about 17 minutes; 20 gives a try-out). The error filter lets FAILED (1%) of the writes fail,
# because a log from production has failed writes too, and they must not count as written.
set -eu

log_gz=${1:?usage: record-fio.sh LOG.gz [PACE [FAILED]]}
pace=${2:-1}
failed=${3:-1%}
export_name=bench-fio

scratch=$(mktemp -d)
nbdkit_pid=
stop() {
  if [ -n "$nbdkit_pid" ]; then kill "$nbdkit_pid" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap stop EXIT
trap 'exit 130' INT TERM

# The log's times are local and carry no zone: record in UTC, so that the reader needs no --timezone.
TZ=UTC nbdkit --unix "$scratch/sock" --pidfile "$scratch/pid" --filter=log --filter=error memory 1G \
  logfile="$scratch/requests.log" error=EIO error-pwrite-rate="$failed"
while [ ! -S "$scratch/sock" ] || [ ! -s "$scratch/pid" ]; do sleep 0.1; done
nbdkit_pid=$(cat "$scratch/pid")

# phase SECONDS FIO-OPTIONS...: one or more fio jobs, each on a connection of its own.
phase() {
  seconds=$(($1 / pace + 1))
  shift
  (cd "$scratch" && fio --ioengine=nbd --uri="nbd+unix:///$export_name?socket=$scratch/sock" --size=1G \
    --continue_on_error=io --randseed=7 --time_based --runtime="$seconds" "$@" >/dev/null)
}
idle() { sleep $(($1 / pace + 1)); }

# A disk is first filled from an image, in order.
phase 60 --name=first-fill --rw=write --bs=256k --size=256M --rate_iops=17
idle 20
# A server at work: 70 % reads, mixed sizes, a hot area, a flush now and then.
phase 240 --name=serve --rw=randrw --rwmixread=70 --bssplit=4k/60:16k/30:64k/10 --size=640M \
  --random_distribution=zipf:1.1 --fsync=32 --rate_iops=6,6
idle 60
# Files are deleted, and the file system trims what they held.
phase 30 --name=trim --rw=randtrim --bs=256k --size=256M --rate_iops=6
idle 20
# Two clients on connections of their own: a backup reads all in order while the server goes on.
phase 240 --name=backup --rw=read --bs=256k --size=640M --rate_iops=4 \
  --name=serve-on --rw=randrw --rwmixread=50 --bssplit=4k/70:16k/20:128k/10 --size=768M --iodepth=4 --fsync=64 \
  --rate_iops=5,5
idle 60
# A load in order into the free part, then a second trim.
phase 60 --name=load --rw=write --bs=512k --offset=768M --size=200M --rate_iops=6
phase 20 --name=trim-again --rw=randtrim --bs=1M --offset=768M --size=128M --rate_iops=4
idle 30
phase 180 --name=evening --rw=randrw --rwmixread=80 --bs=8k --size=512M --fsync=16 --rate_iops=5,5

kill "$nbdkit_pid"
while kill -0 "$nbdkit_pid" 2>/dev/null; do sleep 0.1; done
nbdkit_pid=
gzip -9 -n <"$scratch/requests.log" >"$log_gz"
