#!/usr/bin/env bash
# Builds Refinery once in Release and runs every test once.
#
#   ./test.sh          the whole suite
#   ./test.sh --long   the same with the full counts of the long-running tests (sets REFINERY_LONG=1)
#
# The last line is `N passed, N failed` (and `, N skipped` when there are any); the exit code is 0 only when the build
# was clean and nothing failed. On Debian, as root, missing system packages are installed first.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 1

for argument in "$@"; do
  case "$argument" in
    --long) export REFINERY_LONG=1 ;;
    *) echo "Unknown argument '$argument'; only --long is known." >&2; exit 2 ;;
  esac
done

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

# What real builds of wheels and a few tests need, beside python3, node and git; Postgres, Redis and Kafka's brokers are started by the tests themselves.
system_packages=(python3-venv python3-pip python3-pip-whl python3-setuptools-whl python3-wheel-whl python3-dev gcc ripgrep bsdutils curl postgresql redis-server librdkafka1 nginx-light docker-compose)

! command -v podman >/dev/null || system_packages+=(debootstrap)

install_missing_packages() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
  local missing=() package
  for package in "${system_packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" != 0 ]; then
    echo "Not installed, and only root may install: ${missing[*]}"
    return 0
  fi
  echo "Installing ${missing[*]}"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    >"$results/apt.log" 2>&1 || { echo "apt could not install them:"; tail -5 "$results/apt.log"; }
}

# Where podman is installed, container builds are tested too; without their image those tests are skipped with this reason.
make_container_image() {
  command -v podman >/dev/null && command -v debootstrap >/dev/null && [ "$(id -u)" = 0 ] || return 0
  tests/Builds/Container/make-image.sh >"$results/image.log" 2>&1 ||
    { echo "The image of the container tests could not be made:"; tail -3 "$results/image.log"; }
}

# A virtual environment left active or first in PATH must not decide what the tests find.
leave_virtual_environment() {
  unset VIRTUAL_ENV PYTHONHOME PYTHONPATH PYTHONSTARTUP
  local kept=() folder folders
  IFS=: read -ra folders <<<"$PATH"
  for folder in "${folders[@]}"; do
    [ -e "$folder/../pyvenv.cfg" ] || kept+=("$folder")
  done
  PATH=$(IFS=:; echo "${kept[*]}")
  export PATH
}

# The sum of one counter over all result files, for example: count passed
count() {
  cat "$results"/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -o " $1=\"[0-9]*\"" | tr -dc '0-9\n' |
    { sum=0; while read -r number; do sum=$((sum + number)); done; echo "$sum"; }
}

finish() {
  local passed=$1 failed=$2 skipped=$3 line
  line="$passed passed, $failed failed"
  [ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
  echo "$line"
  [ "$failed" -eq 0 ]
  exit
}

install_missing_packages
make_container_image
leave_virtual_environment

if ! dotnet build Refinery.sln -c Release -v quiet -nodeReuse:false; then
  echo "The build failed; nothing was tested."
  finish 0 1 0
fi

# A run in which no test ends for so long hangs; those of --long take longer, and many at once.
patience=6m
[ -z "${REFINERY_LONG:-}" ] || patience=30m

# Runs tests of the built solution, for example: run_tests every --filter "Name~Journal"
run_tests() {
  local prefix=$1
  shift
  dotnet test Refinery.sln -c Release --no-build --results-directory "$results" \
    --blame-hang-timeout "$patience" --blame-hang-dump-type none \
    --logger "trx;LogFilePrefix=$prefix" --logger "console;verbosity=minimal" "$@"
}

# What reads and writes the books, once more with the books in Postgres; a trait names what is about the embedded engine's files.
on_postgres() {
  local areas=(Queue History Graph Plan Hints Logs Artifacts Fleet) filter="FullyQualifiedName~Builds.BuildList|FullyQualifiedName~Builds.BuildCancel|FullyQualifiedName~Builds.BuildsCancel" area
  for area in "${areas[@]}"; do
    filter="$filter|FullyQualifiedName~Refinery.Tests.$area."
  done
  REFINERY_TEST_POSTGRES=1 run_tests postgres --filter "($filter)&Engine!=sqlite"
}

run_tests every
code=$?
if compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null; then
  on_postgres || code=$?
elif [ -n "${CI:-}" ]; then
  echo "Debian's package 'postgresql' is not installed, so nothing was tested with the books in Postgres."
  code=1
fi

passed=$(count passed)
failed=$(count failed)
skipped=$(($(count total) - $(count executed)))
if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then
  echo "The test run ended with code $code without naming a failed test; that counts as one failure."
  failed=1
fi
if [ "$passed" -eq 0 ] && [ "$failed" -eq 0 ]; then
  echo "No test ran; that counts as one failure."
  failed=1
fi
finish "$passed" "$failed" "$skipped"
