# shellcheck shell=bash
# What quickstart, test, bench and build share: packages, the JDK, the build. Sourced, after `me=NAME`.

home=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
readonly home

# Progress, for people; results go to standard output.
say() {
  printf '%s: %s\n' "${me:?}" "$*" >&2
}

die() {
  printf '%s: %s\n' "${me:?}" "$@" >&2
  exit 2
}

have() {
  hash "$1" 2>/dev/null
}

# Makes commands available: command:package for each. Installs through apt as root, else says what is missing.
# Returns 1 if something is missing after that.
need() {
  local pair packages=()
  for pair in "$@"; do
    have "${pair%%:*}" || packages+=("${pair#*:}")
  done
  ((${#packages[@]} > 0)) || return 0
  install_packages "${packages[@]}"
}

# The same for a shared library: its file name and the package that has it.
need_library() {
  local known
  known=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p) || known=
  [[ $known == *"$1 "* ]] || install_packages "$2"
}

# Installs packages through apt. Returns 1, having said why, if that is not possible.
install_packages() {
  if ((EUID != 0)); then
    say "missing: $*. As root: apt-get install $*"
    return 1
  fi
  if ! have apt-get; then
    say "missing: $*. Install them; only apt is known to this script."
    return 1
  fi
  say "installing with apt: $*"
  local log
  log=$(mktemp)
  if DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >"$log" 2>&1 \
    || { DEBIAN_FRONTEND=noninteractive apt-get update -qq >>"$log" 2>&1 \
      && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@" >>"$log" 2>&1; }; then
    rm -f -- "$log"
    hash -r
  else
    tail -n 5 -- "$log" >&2
    rm -f -- "$log"
    say "apt could not install: $*"
    return 1
  fi
}

# The major version of the JDK $1 (a home directory) from its release file; nothing if there is none.
jdk_major() {
  [[ -x $1/bin/javac && -r $1/release ]] || return 0
  sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release"
}

# Sets JAVA_HOME to a JDK of 17 or newer: that of JAVA_HOME, of PATH, the lowest of /usr/lib/jvm, or one from apt.
need_jdk() {
  local candidate major best='' best_major=999
  if [[ -n ${JAVA_HOME:-} ]]; then
    major=$(jdk_major "$JAVA_HOME")
    ((${major:-0} >= 17)) || die "JAVA_HOME is $JAVA_HOME, which is not a JDK of version 17 or newer."
    export JAVA_HOME
    return 0
  fi
  if have javac; then
    candidate=$(readlink -f -- "$(type -P javac)")
    candidate=${candidate%/bin/javac}
    major=$(jdk_major "$candidate")
    if ((${major:-0} >= 17)); then
      export JAVA_HOME=$candidate
      return 0
    fi
  fi
  for candidate in /usr/lib/jvm/*; do
    major=$(jdk_major "$candidate")
    if ((${major:-0} >= 17 && major < best_major)); then
      best=$(readlink -f -- "$candidate")
      best_major=$major
    fi
  done
  if [[ -z $best ]]; then
    # 17 on Debian 12, 21 on Debian 13.
    install_packages default-jdk-headless || die 'A JDK of version 17 or newer is needed.'
    candidate=$(readlink -f -- "$(type -P javac)")
    best=${candidate%/bin/javac}
  fi
  export JAVA_HOME=$best
}

# Runs Maven in the repository. What it says goes to a file, and its errors to standard error if it fails.
maven() {
  local log=$home/target/run/maven.log
  mkdir -p -- "$home/target/run"
  (cd -- "$home" && mvn -B -ntp -Dstyle.color=never "$@") >"$log" 2>&1 && return 0
  grep -E '^\[ERROR\]|^\[WARNING\].*\.java' -- "$log" | head -n 40 >&2 || true
  say "everything that Maven said is in $log"
  return 1
}

# Whether everything is built and nothing that it is built from has changed since. Ends at the first newer file.
up_to_date() {
  local stamp=$home/target/run/built
  [[ -e $stamp && -e $home/scripts/lab/target/lib && -e $home/scripts/cli/target/lib ]] || return 1
  [[ -z $(cd -- "$home" && find pom.xml .mvn proto broker worker scripts policies/seccomp \
    \( -name target -o -name test \) -prune -o \
    \( -name pom.xml -o -path '*/src/*' -o -path '.mvn/*' -o -path scripts/sluice -o -path 'policies/seccomp/*' \) -newer "$stamp" -print -quit) ]]
}

# Builds what the launcher runs, unless it is up to date: jars, native libraries, start-up archives for this JDK.
build() {
  need_jdk
  local started=$SECONDS run=$home/target/run prepared
  prepared=$run/prepared-$(basename -- "$JAVA_HOME")
  if ! up_to_date; then
    need mvn:maven || die 'Maven is needed to build.'
    say "building with $JAVA_HOME (the first time takes some minutes: Maven fetches plugins and libraries)"
    mkdir -p -- "$run"
    : >"$run/building"
    maven -T 2 -DskipTests package || die 'The build failed.'
    # The time of the start: what was edited during the build is newer.
    mv -- "$run/building" "$run/built"
  fi
  if [[ ! $prepared -nt $run/built ]]; then
    "$home/scripts/sluice" prepare
    : >"$prepared"
    say "built in $((SECONDS - started)) s"
  fi
}
