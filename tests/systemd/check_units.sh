#!/bin/sh
# The units are well formed and stay hardened, judged by systemd itself; needs no running systemd.
# usage: check_units.sh SYSTEMD-ANALYZE FOLDER-OF-UNITS
set -eu
analyze=$1
units=$(cd "$2" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/vanthu-units.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0
complain() { echo "FAILED: $*"; failed=1; }

# verify looks for the programs and for the pages of Documentation=, which are not installed where this test runs.
for unit in vanthud.service vanthu-p11kit.service; do
    sed -e 's,/usr/bin/vanthud,/bin/true,; s,/usr/bin/p11-kit,/bin/true,; /^Documentation=/d' "$units/$unit" > "$work/$unit"
done
cd "$work"
# It warns about unknown keys and wrong values without failing, so any line about our own units is a failure.
if ! "$analyze" verify --man=no ./vanthud.service ./vanthu-p11kit.service > verify.log 2>&1 || grep -q 'vanthu' verify.log; then
    cat verify.log
    complain "systemd-analyze verify"
fi
# Exposure at most 1.5 of 10 (daemon) and the same for the module's own process.
for unit in vanthud.service vanthu-p11kit.service; do
    if ! "$analyze" security --offline=true --threshold=15 --no-pager "./$unit" > security.log 2>&1; then
        cat security.log
        complain "systemd-analyze security $unit"
    fi
    tail -n 1 security.log
done
# This test can fail: the same checks must find a misspelt key and a unit without protection.
sed 's/^WatchdogSec=/WatchdogSecs=/' vanthud.service > misspelt.service
"$analyze" verify --man=no ./misspelt.service 2>&1 | grep -q 'WatchdogSecs' || complain "a misspelt key was not noticed"
printf '[Service]\nExecStart=/bin/true\n' > open.service
if "$analyze" security --offline=true --threshold=15 --no-pager ./open.service > /dev/null 2>&1; then
    complain "a unit without protection was not noticed"
fi
# Promises that systemd does not judge.
for line in 'Type=notify' 'WatchdogSec=30' 'ExecStartPre=/usr/bin/vanthud --check-config --config /etc/vanthu/vanthud.toml' 'LimitCORE=0' \
    'Environment=P11_KIT_SERVER_ADDRESS=unix:path=/run/vanthu-p11kit/socket' \
    'StateDirectory=vanthu' 'LoadCredential=log-key:/etc/vanthu/keys/log.key'; do
    grep -qxF "$line" "$units/vanthud.service" || complain "vanthud.service lacks $line"
done
for line in 'User=vanthu-p11kit' 'LimitCORE=0' 'PrivateNetwork=yes' 'UMask=0077' \
    'SystemCallFilter=~@privileged @resources @debug'; do
    grep -qxF "$line" "$units/vanthu-p11kit.service" || complain "vanthu-p11kit.service lacks $line"
done
exit $failed
