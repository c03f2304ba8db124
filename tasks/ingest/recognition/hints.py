"""What to do with data that is not read as it stands: a sentence for each form that people hold."""

from collections.abc import Sequence
from pathlib import PurePosixPath
from shlex import quote

from storage.places.place import Place
from storage.places.read import read_bytes
from tasks.ingest.pictures.images import SUFFIXES, UNREAD

LOOKED_AT = 1 << 16
_COCO = (
    "jq -c '(.images | map({(.id | tostring): .file_name}) | add) as $names | .annotations[] | "
    "{image: $names[.image_id | tostring], caption}' "
)


def hint(root: Place, names: Sequence[str]) -> str | None:
    """How the files below a folder become something that is read; None where nobody knows."""
    names = [name for name in names if name.isprintable()]  # what is said may be pasted into a shell
    images = [name for name in names if name.lower().endswith(SUFFIXES)]
    jsons = [name for name in names if name.endswith(".json")]
    if any(name.endswith(".arrow") for name in names):
        return (
            "these are Arrow files, as datasets' save_to_disk writes them: write Parquet with "
            "datasets.load_from_disk(FOLDER).to_parquet('data.parquet') (of one split)"
        )
    if packed := [name for name in names if name.endswith((".zip", ".7z", ".rar"))]:
        return f"{packed[0]} is an archive that is not looked into: unpack it, or pack its files as a tar"
    if tokens := [name for name in names if name.endswith((".token", ".txt")) and _numbered(root, name)]:
        return (
            f"{tokens[0]} has lines of an image's name, # and a number, TAB and a caption, as Flickr30k has "
            f"them: `sed 's/#[0-9]*\\t/\\t/' {quote(tokens[0])} > captions.tsv`, "
            "then kind: table with header: [image, caption]"
        )
    beside = {PurePosixPath(name).with_suffix("").as_posix() for name in images}
    if [name for name in jsons if name.removesuffix(".json") in beside]:
        return (
            "images with a .json of the same name beside each: `tar --sort=name -cf data.tar -C FOLDER .`, then "
            "kind: webdataset with caption: json.FIELD"
        )
    if jsons:
        return _of_json(root, jsons[0])
    if images and all("/" in name for name in images):
        return (
            "images in folders, as for classes, and no captions: write a metadata.csv with the columns file_name and "
            "text beside them (kind: imagefolder), or train without captions (`selfsupervised`)"
        )
    if images:
        return (
            "images and no captions: put a .txt of the same name beside each (kind: sidecar), or one metadata.csv with "
            "the columns file_name and text (kind: imagefolder)"
        )
    if unread := [name for name in names if name.lower().endswith(UNREAD)]:
        return f"pictures such as {unread[0]} are of a format that is not read: make JPEG or PNG of them"
    return None


def is_imagenet_captions(start: bytes) -> bool:
    """Whether a file that begins so is ImageNet-Captions, as its authors publish it: one list of entries."""
    return start.startswith(b"[") and b'"wnid"' in start and b'"filename"' in start


def _numbered(root: Place, name: str) -> bool:
    first = read_bytes(root / name, LOOKED_AT).partition(b"\n")[0].partition(b"\t")
    before, mark, number = first[0].rpartition(b"#")
    return bool(first[1] and mark and number.isdigit() and before.lower().endswith(tuple(map(str.encode, SUFFIXES))))


def _of_json(root: Place, name: str) -> str:
    start = read_bytes(root / name, 256 * LOOKED_AT).lstrip(b"\xef\xbb\xbf \t\r\n")
    lines = quote(f"{PurePosixPath(name).stem}.jsonl")
    if is_imagenet_captions(start):
        return (
            f"{name} is ImageNet-Captions, as its authors publish it: name that file, or write a source "
            "{kind: imagenet_captions, path: that file, image_folder: the folder that holds n01440764 and the other "
            "classes}"
        )
    if start.startswith(b"["):
        return f"{name} is one JSON list: write lines with `jq -c '.[]' {quote(name)} > {lines}` (kind: jsonl)"
    if b'"annotations"' in start:
        return f"{name} has annotations as COCO does: write lines with `{_COCO}{quote(name)} > {lines}` (kind: jsonl)"
    return f"{name} is one JSON value: write an object a line (kind: jsonl)"
