"""Builds the built-in map: the world's land and borders at zoom 0–5, a city's streets at zoom 12–16, in one PMTiles file.

    python geojson_to_pmtiles.py WORLD_ATLAS_DIR CITY_DIR OUT.pmtiles

WORLD_ATLAS_DIR is the unpacked npm package world-atlas 2.0.2 (Natural Earth); CITY_DIR is what osm_to_geojson.py wrote.
"""
import gzip
import json
import os
import sys
from pathlib import Path

import mapbox_vector_tile
import numpy
import shapely
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer
from shapely import affinity, clip_by_rect, make_valid
from shapely.errors import GEOSException
from shapely.geometry import LineString, MultiLineString, Polygon, box, shape
from shapely.ops import linemerge

CITY = (24.9351762, 60.1641550, 24.9534145, 60.1791130)
WORLD_ZOOMS = range(0, 6)
CITY_ZOOMS = range(12, 17)
EXTENT = 4096
BUFFER = 64 / EXTENT
LATITUDE_MAX = 85.0511


class Topology:
    """A TopoJSON file's arcs, decoded once."""

    def __init__(self, path):
        self.document = json.loads(path.read_text())
        scale_x, scale_y = self.document["transform"]["scale"]
        move_x, move_y = self.document["transform"]["translate"]
        self.arcs = []
        for arc in self.document["arcs"]:
            x = y = 0
            points = []
            for step in arc:
                x, y = x + step[0], y + step[1]
                points.append((x * scale_x + move_x, y * scale_y + move_y))
            self.arcs.append(points)

    def ring(self, indices):
        points = []
        for index in indices:
            arc = self.arcs[index] if index >= 0 else self.arcs[~index][::-1]
            points += arc[1:] if points else arc
        return points

    def polygons(self, geometry):
        """Polygons of a geometry as (indices of rings)."""
        if geometry["type"] == "GeometryCollection":
            return [polygon for part in geometry["geometries"] for polygon in self.polygons(part)]
        if geometry["type"] == "Polygon":
            return [geometry["arcs"]]
        return geometry.get("arcs", [])


def unwrapped(ring):
    """A ring that crosses the antimeridian, continued beyond 180° instead of jumping to the other side."""
    points, offset = [ring[0]], 0
    for before, here in zip(ring, ring[1:]):
        step = here[0] - before[0]
        offset += 360 if step < -180 else -360 if step > 180 else 0
        points.append((here[0] + offset, here[1]))
    return points


def cut(rings):
    """Valid polygons within ±180° from rings that may cross the antimeridian or go round a pole."""
    rings = [unwrapped(ring) for ring in rings]
    outer = rings[0]
    if abs(outer[0][0] - outer[-1][0]) > 1:
        outer = [*outer, (outer[-1][0], -90), (outer[0][0], -90)]
    whole = make_valid(Polygon(outer, rings[1:]))
    pieces = [affinity.translate(whole, shift, 0).intersection(box(-180, -85.06, 180, 85.06))
              for shift in (-360, 0, 360)]
    return [part for piece in pieces for part in getattr(piece, "geoms", [piece])
            if part.geom_type == "Polygon" and part.area > 1e-4]


def mercator(geometry):
    """Longitude and latitude → the unit square, y down."""
    def project(points):
        latitude = numpy.radians(numpy.clip(points[:, 1], -LATITUDE_MAX, LATITUDE_MAX))
        y = .5 - numpy.log(numpy.tan(numpy.pi / 4 + latitude / 2)) / (2 * numpy.pi)
        return numpy.column_stack(((points[:, 0] + 180) / 360, y))

    return shapely.transform(geometry, project)


def land(atlas):
    topology = Topology(atlas / "land-50m.json")
    polygons = topology.polygons(topology.document["objects"]["land"])
    return [(mercator(part), {}) for rings in polygons for part in cut([topology.ring(ring) for ring in rings])]


def borders(atlas):
    """Arcs that two countries share; coasts belong to one country only."""
    topology = Topology(atlas / "countries-50m.json")
    uses = {}
    for number, country in enumerate(topology.document["objects"]["countries"]["geometries"]):
        for polygon in topology.polygons(country):
            for ring in polygon:
                for index in ring:
                    uses.setdefault(index if index >= 0 else ~index, set()).add(number)
    shared = [LineString(topology.arcs[index]) for index, countries in uses.items() if len(countries) > 1]
    return [(mercator(line), {}) for line in linemerge(MultiLineString(shared)).geoms]


def countries(atlas):
    """A point and a name for each country, with `r` 0–4: the larger the country, the earlier its name is shown."""
    topology = Topology(atlas / "countries-50m.json")
    places = []
    for country in topology.document["objects"]["countries"]["geometries"]:
        parts = [part for polygon in topology.polygons(country)
                 for part in cut([topology.ring(ring) for ring in polygon])]
        if parts:
            largest = max(parts, key=lambda part: part.area)
            rank = sum(largest.area < bound for bound in (400, 80, 20, 4))
            places.append((mercator(largest.representative_point()), {"n": country["properties"]["name"], "r": rank}))
    return places


def city_layers(folder):
    layers = {}
    for item in json.loads((folder / "city.geojson").read_text())["features"]:
        properties = {key: value for key, value in item["properties"].items() if key == "c"}
        layers.setdefault(item["properties"]["l"], []).append((mercator(shape(item["geometry"])), properties))
    layers["streets"] = [(mercator(shape(item["geometry"])), {"n": item["properties"]["n"]})
                         for item in json.loads((folder / "streets.geojson").read_text())["features"]]
    return layers


def at_zoom(layers, zoom):
    """What of the city is worth drawing: at 12 and 13 only what gives it its shape."""
    if zoom >= 14:
        return layers
    kept = ("water", "green", "roads", "rail") + (("building",) if zoom == 13 else ())
    return {name: [(geometry, properties) for geometry, properties in items
                   if name != "roads" or properties.get("c") in ("major", "mid", "minor")]
            for name, items in layers.items() if name in kept}


def encoded(zoom, x, y, layers):
    """One gzipped vector tile, or None when nothing falls into it."""
    side = 2 ** zoom
    bounds = ((x - BUFFER) / side, (y - BUFFER) / side, (x + 1 + BUFFER) / side, (y + 1 + BUFFER) / side)
    found = []
    for name, items in layers.items():
        features = []
        for geometry, properties in items:
            west, north, east, south = geometry.bounds
            if west > bounds[2] or east < bounds[0] or north > bounds[3] or south < bounds[1]:
                continue
            if geometry.geom_type == "Point":
                clipped = geometry
            else:
                try:
                    clipped = clip_by_rect(geometry, *bounds)
                except GEOSException:
                    clipped = geometry.buffer(0).intersection(box(*bounds))
            if clipped.is_empty:
                continue
            scale = side * EXTENT
            clipped = affinity.affine_transform(clipped, [scale, 0, 0, scale, -x * EXTENT, -y * EXTENT])
            clipped = clipped.simplify(1 if zoom < 15 else .5)
            if not clipped.is_empty and not (clipped.geom_type.endswith("Polygon") and clipped.area < 8):
                features.append({"geometry": clipped, "properties": properties})
        if features:
            found.append({"name": name, "features": features})
    if not found:
        return None
    options = {"y_coord_down": True, "extents": EXTENT}
    return gzip.compress(mapbox_vector_tile.encode(found, default_options=options), 9, mtime=0)


def tiles_of(bounds, zoom):
    side = 2 ** zoom
    corner = mercator(box(*bounds)).bounds
    for x in range(int(corner[0] * side), min(side - 1, int(corner[2] * side)) + 1):
        for y in range(int(corner[1] * side), min(side - 1, int(corner[3] * side)) + 1):
            yield x, y


def main(atlas, city_folder, out):
    world = {"land": land(atlas), "borders": borders(atlas), "countries": countries(atlas)}
    city = city_layers(city_folder)
    tiles = {}
    for zoom in WORLD_ZOOMS:
        for x in range(2 ** zoom):
            for y in range(2 ** zoom):
                tiles[zxy_to_tileid(zoom, x, y)] = encoded(zoom, x, y, world)
    for zoom in CITY_ZOOMS:
        for x, y in tiles_of(CITY, zoom):
            tiles[zxy_to_tileid(zoom, x, y)] = encoded(zoom, x, y, at_zoom(city, zoom))
    write(out, {tile: data for tile, data in tiles.items() if data}, {**world, **city})


def write(out, tiles, layers):
    fields = {"streets": {"n": "String"}, "countries": {"n": "String", "r": "Number"}}
    header = {
        "tile_type": TileType.MVT, "tile_compression": Compression.GZIP,
        "min_zoom": 0, "max_zoom": CITY_ZOOMS[-1],
        "min_lon_e7": -1_800_000_000, "min_lat_e7": -850_000_000,
        "max_lon_e7": 1_800_000_000, "max_lat_e7": 850_000_000,
        "center_zoom": 15, "center_lon_e7": 249_455_000, "center_lat_e7": 601_695_000,
    }
    metadata = {
        "name": "World and central Helsinki",
        "attribution": "© OpenStreetMap contributors, Natural Earth",
        "vector_layers": [{"id": name, "fields": fields.get(name, {"c": "String"}),
                           "minzoom": 0 if name in ("land", "borders", "countries") else CITY_ZOOMS[0],
                           "maxzoom": WORLD_ZOOMS[-1] if name in ("land", "borders", "countries") else CITY_ZOOMS[-1]}
                          for name in layers],
    }
    with open(out, "wb") as file:
        writer = Writer(file)
        for tile in sorted(tiles):
            writer.write_tile(tile, tiles[tile])
        writer.finalize(header, metadata)
    print(f"{out}: {len(tiles)} tiles, {os.path.getsize(out)} bytes, largest {max(map(len, tiles.values()))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
