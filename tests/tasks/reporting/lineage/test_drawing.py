"""The drawn lineage: XML that holds every box, apart from each other, and no markup of others."""

import xml.etree.ElementTree as ET

from tasks.reporting.lineage.drawing import lineage_svg
from tasks.reporting.lineage.folding import folded
from tasks.reporting.lineage.nodes import LineageNode
from tests.tasks.reporting.lineage.test_page import NODES

SVG = "{http://www.w3.org/2000/svg}"


def test_every_fold_is_a_box_and_labels_are_text() -> None:
    hostile = LineageNode("</text><script>alert(1)</script>", "match", "e5", "d", ("a1",), "ran", 0.1)
    picture = ET.fromstring(lineage_svg(folded([*NODES, hostile]), title="<&>"))
    boxes = picture.findall(f"{SVG}g")
    assert len(boxes) == 5 and not list(picture.iter(f"{SVG}script"))
    labels = [box.findall(f"{SVG}text")[0].text for box in boxes]
    assert "ingest scenes" in labels and any(label and label.startswith("</text>") for label in labels)
    details = {box.findall(f"{SVG}text")[1].text for box in boxes}
    assert {"4 rows · 1.2 s", "4 rows · from the cache", "failed", "not started"} <= details


def test_boxes_do_not_overlap_and_stay_inside() -> None:
    nodes = [LineageNode(f"s{i}", f"s{i}", f"k{i}", "d", tuple(f"k{j}" for j in range(i) if (i + j) % 3 == 0), "ran")
             for i in range(20)]  # fmt: skip
    picture = ET.fromstring(lineage_svg(folded(nodes), title="x"))
    across, down = float(picture.attrib["width"]), float(picture.attrib["height"])
    found = [{name: float(box[0].attrib[name]) for name in ("x", "y", "width", "height")}
             for box in picture.findall(f"{SVG}g")]  # fmt: skip
    for i, a in enumerate(found):
        assert a["x"] >= 0 and a["x"] + a["width"] <= across and a["y"] + a["height"] <= down
        for b in found[:i]:
            assert a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"] or a["y"] != b["y"]


def test_the_same_graph_has_the_same_bytes() -> None:
    assert lineage_svg(folded(NODES), title="x") == lineage_svg(folded(NODES), title="x")
