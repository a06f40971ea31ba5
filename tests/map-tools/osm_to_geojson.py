"""Turns an OpenStreetMap extract into the layers of the built-in street map.

    python osm_to_geojson.py Helsinki.osm.pbf OUT_DIR

Writes OUT_DIR/city.geojson (property `l` is the tile layer, `c` the class inside it), OUT_DIR/streets.geojson
(one line for each named street, name in `n`) and OUT_DIR/course.geojson (a loop along streets through WAYPOINTS).
It knows nothing of tiles: that is geojson_to_pmtiles.py.
"""
import collections
import heapq
import json
import math
import sys
from pathlib import Path

import osmium
from shapely import wkb
from shapely.geometry import LineString, Point, box, mapping
from shapely.ops import linemerge, polygonize, unary_union

# The part of the extract where every street is whole; outside of it ways end at random.
BOUNDS = box(24.9351762, 60.1641550, 24.9534145, 60.1791130)
ROAD_CLASSES = {
    "motorway": "major", "trunk": "major", "primary": "major", "primary_link": "major",
    "secondary": "mid", "secondary_link": "mid", "tertiary": "mid", "tertiary_link": "mid",
    "residential": "minor", "unclassified": "minor", "living_street": "minor", "road": "minor",
    "service": "service", "pedestrian": "ped", "footway": "path", "path": "path", "steps": "path",
    "cycleway": "cycle",
}
NAMED = ("major", "mid", "minor", "ped")
AREAS = ("building", "water", "green", "plaza", "railyard")
RUNNABLE = {"primary", "secondary", "tertiary", "residential", "unclassified", "pedestrian"}
WAYPOINTS = [(24.9522, 60.1690), (24.9511, 60.1715), (24.9480, 60.1735), (24.9450, 60.1755), (24.9395, 60.1720),
             (24.9378, 60.1692), (24.9415, 60.1665), (24.9462, 60.1677), (24.9522, 60.1690)]
LONGITUDE_SCALE = math.cos(math.radians(60.17))


def degrees(metres):
    """Metres as degrees of latitude: good enough for tolerances."""
    return metres / 111_320


def parts(geometry, kind):
    """The simple geometries of one kind ('Polygon', 'LineString') inside a geometry of any kind."""
    if geometry.geom_type == kind:
        return [geometry]
    return [part for part in getattr(geometry, "geoms", []) if part.geom_type == kind]


def area_layer(tags):
    """Which layer an area belongs to, or None."""
    if tags.get("building", "no") != "no":
        return "building"
    if tags.get("natural") == "water" or tags.get("landuse") in ("basin", "pond"):
        return "water"
    if (tags.get("leisure") in ("park", "garden", "pitch", "playground")
            or tags.get("landuse") in ("grass", "forest", "cemetery", "recreation_ground", "village_green")
            or tags.get("natural") in ("scrub", "wood", "heath", "wetland")):
        return "green"
    if tags.get("highway") == "pedestrian" or tags.get("place") == "square":
        return "plaza"
    if tags.get("landuse") == "railway":
        return "railyard"
    return None


class Extract(osmium.SimpleHandler):
    """Collects geometries by (layer, class), names of streets, coastlines and the graph of streets one can run on."""

    def __init__(self):
        super().__init__()
        self.factory = osmium.geom.WKBFactory()
        self.layers = collections.defaultdict(list)
        self.names = collections.defaultdict(list)
        self.coast = []
        self.graph = collections.defaultdict(dict)

    def line(self, way):
        return wkb.loads(self.factory.create_linestring(way), hex=True)

    def way(self, way):
        try:
            self.road(way)
            self.rail(way)
        except (RuntimeError, osmium.InvalidLocationError):
            pass  # a way that the extract holds only in part
        self.coastline(way)
        self.streets(way)

    def road(self, way):
        tags = way.tags
        road = ROAD_CLASSES.get(tags.get("highway"))
        if not road or tags.get("area") == "yes" or tags.get("footway") in ("sidewalk", "crossing"):
            return
        if tags.get("tunnel") in ("yes", "building_passage") and road in ("path", "service"):
            return
        line = self.line(way)
        self.layers["roads", road].append(line)
        if tags.get("name") and road in NAMED:
            self.names[tags["name"]].append(line)

    def rail(self, way):
        tags = way.tags
        if tags.get("railway") in ("tram", "rail") and not tags.get("service") and tags.get("tunnel") != "yes":
            self.layers["rail", tags["railway"]].append(self.line(way))
        if tags.get("man_made") == "pier" and not way.is_closed():
            self.layers["roads", "path"].append(self.line(way))

    def coastline(self, way):
        """Coast and the bay Töölönlahti are cut by the extract's edge: keep the stretches whose nodes we have."""
        if way.tags.get("natural") != "coastline" and way.tags.get("name") != "Töölönlahti":
            return
        stretch = []
        for node in list(way.nodes) + [None]:
            if node is not None and node.location.valid():
                stretch.append((node.lon, node.lat))
                continue
            if len(stretch) > 1:
                self.coast.append(LineString(stretch))
            stretch = []

    def streets(self, way):
        if way.tags.get("highway") not in RUNNABLE or way.tags.get("area") == "yes":
            return
        nodes = [(node.lon, node.lat) for node in way.nodes if node.location.valid()]
        for a, b in zip(nodes, nodes[1:]):
            self.graph[a][b] = self.graph[b][a] = math.hypot((a[0] - b[0]) * LONGITUDE_SCALE, a[1] - b[1])

    def area(self, area):
        layer = area_layer(area.tags)
        if layer:
            try:
                self.layers[layer, ""].append(wkb.loads(self.factory.create_multipolygon(area), hex=True))
            except RuntimeError:
                pass  # a relation that the extract holds only in part


def to_the_edge(line):
    """An open coast line, drawn on to just outside the nearest edge, so that it divides BOUNDS."""
    west, south, east, north = BOUNDS.bounds
    beyond = 1e-4

    def edge(point):
        x, y = point
        return min((abs(x - west), (west - beyond, y)), (abs(x - east), (east + beyond, y)),
                   (abs(y - south), (x, south - beyond)), (abs(y - north), (x, north + beyond)))[1]

    points = list(line.coords)
    return line if points[0] == points[-1] else LineString([edge(points[0]), *points, edge(points[-1])])


def water_of(coast):
    """The parts of BOUNDS that lie to the right of the coast line (OpenStreetMap's rule: water is on the right)."""
    merged = linemerge(coast)
    shores = [part for line in parts(merged, "LineString")
              for part in parts(to_the_edge(line).intersection(BOUNDS), "LineString")]
    water = []
    for piece in polygonize(unary_union([BOUNDS.exterior, *shores])):
        votes = 0
        for shore in shores:
            for (x0, y0), (x1, y1) in zip(shore.coords, shore.coords[1:]):
                length = math.hypot(x1 - x0, y1 - y0)
                if not length:
                    continue
                aside = ((y1 - y0) / length * 1e-6, -(x1 - x0) / length * 1e-6)
                middle = ((x0 + x1) / 2, (y0 + y1) / 2)
                votes += piece.contains(Point(middle[0] + aside[0], middle[1] + aside[1]))
                votes -= piece.contains(Point(middle[0] - aside[0], middle[1] - aside[1]))
        if votes > 0:
            water.append(piece)
    return water


def feature(geometry, **properties):
    return {"type": "Feature", "properties": properties, "geometry": rounded(mapping(geometry))}


def rounded(value):
    """Coordinates to a decimetre: what a screen can show, and a third of the size."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return value


def city_features(extract):
    features = []
    for (layer, road_class), geometries in extract.layers.items():
        clipped = [part for part in (geometry.intersection(BOUNDS) for geometry in geometries) if not part.is_empty]
        if layer in AREAS:
            whole = clipped if layer == "building" else [unary_union([part.buffer(0) for part in clipped])]
            for geometry in whole:
                for polygon in parts(geometry.simplify(degrees(.5)), "Polygon"):
                    if polygon.area > 2 * degrees(3) ** 2:
                        features.append(feature(polygon, l=layer))
        else:
            lines = [line for geometry in clipped for line in parts(geometry, "LineString")]
            for line in parts(linemerge(lines), "LineString"):
                features.append(feature(line.simplify(degrees(.6)), l=layer, c=road_class))
    return features


def street_features(names):
    """Lines for labels: the longest stretches of each named street, long enough to carry a name."""
    features = []
    for name, lines in sorted(names.items()):
        merged = linemerge(lines) if len(lines) > 1 else lines[0]
        for stretch in parts(merged, "LineString"):
            for line in parts(stretch.intersection(BOUNDS), "LineString"):
                if line.length * 80_000 > 60:
                    features.append(feature(line.simplify(degrees(2)), n=name))
    return features


def shortest(graph, start, end):
    """Dijkstra; the streets of a city centre are few."""
    cost, before, queue = {start: 0}, {}, [(0, start)]
    while queue:
        here_cost, here = heapq.heappop(queue)
        if here == end:
            break
        for there, length in graph[here].items():
            if here_cost + length < cost.get(there, math.inf):
                cost[there], before[there] = here_cost + length, here
                heapq.heappush(queue, (cost[there], there))
    path = [end]
    while path[-1] != start:
        path.append(before[path[-1]])
    return path[::-1]


def largest_part(graph):
    """The largest connected part of the street graph: from anywhere in it one gets everywhere in it."""
    best, todo = set(), set(graph)
    while todo:
        found, open_ends = set(), [todo.pop()]
        while open_ends:
            here = open_ends.pop()
            if here not in found:
                found.add(here)
                open_ends.extend(graph[here])
        todo -= found
        best = max(best, found, key=len)
    return {node: graph[node] for node in best}


def course_of(graph):
    graph = largest_part(graph)
    stops = [min(graph, key=lambda node: math.hypot((node[0] - x) * LONGITUDE_SCALE, node[1] - y))
             for x, y in WAYPOINTS]
    path = [stops[0]]
    for start, end in zip(stops, stops[1:]):
        path += shortest(graph, start, end)[1:]
    at = 1
    while at < len(path) - 1:  # spurs: there and back again
        if path[at - 1] == path[at + 1]:
            del path[at:at + 2]
            at = max(1, at - 1)
        else:
            at += 1
    return LineString(path).simplify(degrees(1))


def main(source, out):
    extract = Extract()
    extract.apply_file(source, locations=True)
    for polygon in water_of(extract.coast):
        extract.layers["water", ""].append(polygon)
    write(out / "city.geojson", {"type": "FeatureCollection", "features": city_features(extract)})
    write(out / "streets.geojson", {"type": "FeatureCollection", "features": street_features(extract.names)})
    write(out / "course.geojson", feature(course_of(extract.graph)))


def write(path, document):
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text, encoding="utf-8")
    print(f"{path}: {len(text)} bytes")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
