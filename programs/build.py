"""Builds both programs and what describes them: binaries, interfaces, manifest.

    python programs/build.py            build with SBF_TOOLS, or with the official toolchain
    python programs/build.py --check    compare the committed artifacts with the sources, no tools

The same sources give the same bytes twice: paths are mapped away, and crates come from Cargo.lock.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent
TARGET = ROOT / "target"
ARTIFACTS = ROOT / "artifacts"
MANIFEST = ARTIFACTS / "manifest.json"
PROGRAMS = ("quantdesk", "receiver")
CRATES = (*PROGRAMS, "risk")
DISTRIBUTION = {"DEB_RUSTC": "/usr/bin/rustc", "DEB_CARGO": "/usr/bin/cargo"}
KEPT = ("PATH", "HOME", "TMPDIR", "CARGO_HOME", "RUSTUP_HOME", "SSL_CERT_FILE")
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def main() -> int:
    """Build, or check what is committed; 1 when the artifacts do not match the sources."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        faults = mismatches()
        print("\n".join(faults) or "artifacts match the sources")
        return 1 if faults else 0
    build()
    return 0


def build() -> None:
    """Write the binaries, the interfaces and the manifest into `artifacts/`."""
    ARTIFACTS.mkdir(exist_ok=True)
    tools = os.environ.get("SBF_TOOLS")
    if tools:
        versions = build_with_tools(Path(tools).resolve())
    elif shutil.which("cargo-build-sbf"):
        versions = build_officially()
    else:
        sys.exit(
            "no toolchain: set SBF_TOOLS to the folder of the SBF tools, or install the Anchor "
            "toolchain (cargo-build-sbf); the committed artifacts keep working without either"
        )
    manifest = {"sources": sources(), "artifacts": digests(), "tools": versions}
    MANIFEST.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
    for name, digest in digests().items():
        print(f"{digest[:16]}  {name}")


def build_with_tools(tools: Path) -> dict[str, str]:
    """Distribution compiler and the SBF tools; returns what was used."""
    private = prepared(tools)
    env = environment() | DISTRIBUTION | {"SBF_RUSTFLAGS": remapped(private)}
    env["CARGO_TARGET_DIR"] = str(TARGET / "programs")
    for program in PROGRAMS:
        command = [str(private / "cargo-sbf"), "std", "--locked", "-j2"]
        run(command, cwd=ROOT / program, env=env)
        built = TARGET / "programs" / "sbpf" / "release" / f"lib{program}.so"
        shutil.copyfile(built, ARTIFACTS / f"{program}.so")
    write_interfaces(private / "idl")
    return {
        "anchor": locked_version("anchor-lang"),
        "rustc": output([DISTRIBUTION["DEB_RUSTC"], "--version"]),
        "llvm": output(["llc-22", "--version"]).split("version ")[1].split()[0],
        "sbf_tools": digest_of_folder(tools),
    }


def build_officially() -> dict[str, str]:
    """The Anchor toolchain; returns what was used."""
    env = environment() | {"CARGO_TARGET_DIR": str(TARGET / "official")}
    for program in PROGRAMS:
        manifest = ROOT / program / "Cargo.toml"
        command = ["cargo-build-sbf", "--manifest-path", str(manifest)]
        run([*command, "--sbf-out-dir", str(ARTIFACTS), "--", "--locked"], cwd=ROOT, env=env)
        interface = ["anchor", "idl", "build", "--program-name", program]
        run([*interface, "--out", str(ARTIFACTS / f"{program}.json")], cwd=ROOT, env=env)
    return {
        "anchor": locked_version("anchor-lang"),
        "cargo-build-sbf": output(["cargo-build-sbf", "--version"]).splitlines()[0],
    }


def prepared(tools: Path) -> Path:
    """A private, built copy of the tools: the folder they come from may be read-only."""
    private = TARGET / "sbf-tools"
    mark = private / ".digest"
    wanted = digest_of_folder(tools)
    if mark.exists() and mark.read_text() == wanted:
        return private
    shutil.rmtree(private, ignore_errors=True)
    shutil.copytree(tools, private, copy_function=shutil.copyfile)
    for path in (private, *private.rglob("*")):
        path.chmod(0o755)
    run([str(private / "build.sh")], cwd=private, env=environment())
    mark.write_text(wanted)
    return private


def write_interfaces(idl_tool: Path) -> None:
    env = environment()
    tool_target = TARGET / "idl-tool"
    run(["cargo", "build", "-q", "-j2"], cwd=idl_tool, env=env | target_dir(tool_target))
    for program in PROGRAMS:
        command = [str(tool_target / "debug" / "anchor-idl"), str(ROOT / program)]
        printed = output(command, env=env | target_dir(TARGET / "idl"))
        (ARTIFACTS / f"{program}.json").write_text(printed + "\n")


def remapped(tools: Path) -> str:
    """Compiler flags that take this machine's paths out of the binary."""
    cargo_home = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    pairs = {f"{source}": "/crates" for source in (cargo_home / "registry" / "src").glob("*")}
    sysroot = output([DISTRIBUTION["DEB_RUSTC"], "--print", "sysroot"])
    library = Path(sysroot) / "lib" / "rustlib" / "src" / "rust"
    pairs |= {str(library): "/rust", str(library.resolve()): "/rust"}
    pairs |= {str(tools): "/tools", str(ROOT): "/programs"}
    return " ".join(f"--remap-path-prefix={source}={name}" for source, name in pairs.items())


def mismatches() -> list[str]:
    """Every source or artifact that differs from the manifest, one sentence each."""
    manifest = json.loads(MANIFEST.read_text())
    return [
        *_differences(manifest["sources"], sources(), "build again: make program"),
        *_differences(manifest["artifacts"], digests(), "it was not made by the last build"),
    ]


def _differences(recorded: dict[str, str], found: dict[str, str], advice: str) -> Iterator[str]:
    for name in sorted(recorded.keys() | found.keys()):
        if recorded.get(name) != found.get(name):
            yield f"{name} differs from the manifest; {advice}"


def sources() -> dict[str, str]:
    """Hash of everything that decides the binaries, by path inside `programs/`."""
    files = [ROOT / "Cargo.toml", ROOT / "Cargo.lock"]
    for crate in CRATES:
        files += [ROOT / crate / "Cargo.toml", *sorted((ROOT / crate / "src").rglob("*.rs"))]
    return {path.relative_to(ROOT).as_posix(): digest(path) for path in files}


def digests() -> dict[str, str]:
    """Hash of every artifact."""
    names = [f"{program}.{end}" for program in PROGRAMS for end in ("so", "json")]
    return {name: digest(ARTIFACTS / name) for name in names if (ARTIFACTS / name).exists()}


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest_of_folder(folder: Path) -> str:
    """SHA-256 over the names and contents of the tools' own files."""
    total = hashlib.sha256()
    built = {".so", ".bc"}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        is_source = path.suffix not in built and "target" not in path.parts
        if is_source and not path.name.startswith(".") and path.name != "Cargo.lock":
            total.update(path.relative_to(folder).as_posix().encode() + b"\0")
            total.update(path.read_bytes())
    return total.hexdigest()


def locked_version(crate: str) -> str:
    """The version of `crate` that Cargo.lock pins."""
    lines = (ROOT / "Cargo.lock").read_text().splitlines()
    return lines[lines.index(f'name = "{crate}"') + 1].split('"')[1]


def environment() -> dict[str, str]:
    """The caller's environment without what would change a build."""
    return {name: os.environ[name] for name in (*KEPT, *PROXIES) if name in os.environ}


def target_dir(path: Path) -> dict[str, str]:
    """Where cargo puts what it builds."""
    return {"CARGO_TARGET_DIR": str(path)}


def run(command: list[str], *, cwd: Path, env: dict[str, str]) -> None:
    """Run and stop at the first failure; the tool's own words are the message."""
    if subprocess.run(command, cwd=cwd, env=env, check=False).returncode:
        sys.exit(f"failed: {' '.join(command)}")


def output(command: list[str], *, env: dict[str, str] | None = None) -> str:
    """What a command prints."""
    done = subprocess.run(command, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
