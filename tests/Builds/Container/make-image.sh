#!/usr/bin/env bash
# Makes the image localhost/refinery-build:test out of Debian's archive, once; needs root, podman and debootstrap.
set -euo pipefail
image=localhost/refinery-build:test
podman image exists "$image" && exit 0

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
. /etc/os-release
debootstrap --variant=minbase --include=python3,python3-pip,python3-venv "$VERSION_CODENAME" "$folder/root"
tar --numeric-owner --directory "$folder/root" --exclude=./dev --exclude=./proc --exclude=./sys --exclude=./var/cache/apt --create --file "$folder/root.tar" .
mkdir "$folder/context"
mv "$folder/root.tar" "$folder/context/"
podman build --tag "$image" --file "$here/Containerfile" "$folder/context"
