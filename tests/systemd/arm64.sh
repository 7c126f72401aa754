#!/usr/bin/env bash
# Installs this checkout into an emulated arm64 Debian, plays one clip through it there and through the same checkout
# here, and compares the observations. By hand or nightly, as root: half an hour.
#
#   apt-get install qemu-user-static binfmt-support arch-test mmdebstrap
#   mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc; update-binfmts --enable qemu-aarch64
#   tests/systemd/arm64.sh FOLDER PYTHON
#
# FOLDER: for the root file system and the wheels; kept, so that the next run is quicker.
# PYTHON: that of a virtual environment in which this checkout is installed.
set -euo pipefail

folder=$(realpath -m "${1:?the folder for the root file system}")
here=${2:?the Python of a virtual environment with this checkout}
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
root=$folder/arm64
packages=systemd,systemd-sysv,python3,python3-venv,python3-pip,python3-systemd,ca-certificates,util-linux
mkdir -p "$folder"

if [ ! -d "$root" ]; then
  rm -rf "$root.new" # cut off in an earlier run
  mmdebstrap --arch=arm64 --variant=minbase --include="$packages" bookworm "$root.new"
  mv "$root.new" "$root"
fi

# Wheels for the device, chosen by its own Python, fetched by this machine's network.
wheels=$folder/wheels-arm64
if [ ! -d "$wheels" ]; then
  rm -rf "$wheels.new"
  "$here" - "$checkout/pyproject.toml" <<'PYTHON' >"$folder/requirements.txt"
import sys, tomllib
with open(sys.argv[1], "rb") as file:
    print(*tomllib.load(file)["project"]["dependencies"], sep="\n")
PYTHON
  "$here" -m pip download --quiet --only-binary :all: --python-version 3.11 --implementation cp --abi cp311 --abi abi3 \
    --abi none --platform manylinux_2_34_aarch64 --platform manylinux_2_28_aarch64 --platform manylinux_2_27_aarch64 \
    --platform manylinux_2_17_aarch64 --platform manylinux2014_aarch64 --platform any \
    --constraint "$checkout/constraints.txt" --dest "$wheels.new" \
    --requirement "$folder/requirements.txt"
  mv "$wheels.new" "$wheels"
fi
rm -f "$wheels"/classpulse-*.whl
"$here" -m pip wheel --quiet --no-deps --wheel-dir "$wheels" "$checkout"

mkdir -p "$root/mnt/checkout" "$root/mnt/wheels"
trap 'umount --quiet "$root/mnt/checkout" "$root/mnt/wheels" || true' EXIT
mount --bind -o ro "$checkout" "$root/mnt/checkout"
mount --bind -o ro "$wheels" "$root/mnt/wheels"
# Neither /proc nor /sys: they describe this machine's processor, and LiteRT, which believes itself on ARM, crashes.

chroot "$root" /mnt/checkout/systemd/install --uninstall --purge
chroot "$root" /mnt/checkout/systemd/install --offline /mnt/wheels
cp "$checkout/tests/systemd/observe_clip.py" "$root/tmp/observe_clip.py"
chroot "$root" classpulse-edge doctor || true # an example config and no camera: not all is well
chroot "$root" /opt/classpulse/current/bin/python /tmp/observe_clip.py >"$folder/observations-arm64.txt"
(cd "$checkout" && "$here" -m tests.systemd.observe_clip) >"$folder/observations-here.txt"
diff "$folder/observations-here.txt" "$folder/observations-arm64.txt"
wc -l <"$folder/observations-arm64.txt" | xargs -I{} echo "the same {} observations on both"
