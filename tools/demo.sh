# ./run demo [DIR]: see tools/demo.py. Sourced by ./run.

demo() {
    local folder=${1:-}
    [ -z "$folder" ] || [ -d "$folder" ] || die "demo: '$folder' is not a folder"
    setup_parts packages python
    if [ -z "$folder" ]; then
        setup_model
        folder=.cache/minilm/model
    fi
    build release
    OUTCROP=$PWD/build-release/outcrop $python tools/demo.py "$folder"
}
