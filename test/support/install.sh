#!/bin/sh
# Installs what the build and the tests need on Debian 12, and the packages that are named; does
# nothing where it is all there.
set -eu
packages="build-essential cmake ninja-build pkg-config libuv1-dev libsqlite3-dev libyaml-dev
libcjson-dev nettle-dev libpcre2-dev libintelrdfpmath-dev libcmocka-dev libcurl4-openssl-dev
libedit-dev libxml2-utils sqlite3 python3 python3-setuptools python3-wheel $*"
missing=""
for package in $packages; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
        missing="$missing $package"
done
[ -z "$missing" ] && exit 0
as_root=""
[ "$(id -u)" -eq 0 ] || as_root="sudo"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing
