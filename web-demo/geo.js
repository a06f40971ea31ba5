/**
 * Places on the earth and on the map's plane. Knows no runner and no screen.
 *
 * The plane is Web Mercator as a unit square: x and y from 0 (west, north) to 1 (east, south).
 */

export const EARTH_RADIUS_M = 6371008.8;

const RADIANS = Math.PI / 180;

/** @param {number} longitude degrees @returns {number} x on the plane */
export function mercatorX(longitude) {
  return (longitude + 180) / 360;
}

/** @param {number} latitude degrees @returns {number} y on the plane */
export function mercatorY(latitude) {
  const bounded = Math.max(-85.0511, Math.min(85.0511, latitude));
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + (bounded * RADIANS) / 2)) / (2 * Math.PI);
}

/** @param {number} x on the plane @returns {number} degrees */
export function longitudeOf(x) {
  return x * 360 - 180;
}

/** @param {number} y on the plane @returns {number} degrees */
export function latitudeOf(y) {
  return (2 * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - Math.PI / 2) / RADIANS;
}

/**
 * Distance by haversine, with the server's radius.
 * @param {{latitude: number, longitude: number}} a
 * @param {{latitude: number, longitude: number}} b
 * @returns {number} metres
 */
export function distanceM(a, b) {
  const dLatitude = (b.latitude - a.latitude) * RADIANS;
  const dLongitude = (b.longitude - a.longitude) * RADIANS;
  const h =
    Math.sin(dLatitude / 2) ** 2 +
    Math.cos(a.latitude * RADIANS) * Math.cos(b.latitude * RADIANS) * Math.sin(dLongitude / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** @typedef {{west: number, south: number, east: number, north: number}} Bounds degrees */

/**
 * The bounds of some places, or null when there are none.
 * @param {Iterable<{latitude: number, longitude: number}>} places
 * @returns {Bounds | null}
 */
export function boundsOf(places) {
  /** @type {Bounds | null} */
  let bounds = null;
  for (const { latitude, longitude } of places) {
    if (!bounds) {
      bounds = { west: longitude, east: longitude, south: latitude, north: latitude };
      continue;
    }
    bounds.west = Math.min(bounds.west, longitude);
    bounds.east = Math.max(bounds.east, longitude);
    bounds.south = Math.min(bounds.south, latitude);
    bounds.north = Math.max(bounds.north, latitude);
  }
  return bounds;
}

/**
 * @param {Bounds} bounds
 * @param {{latitude: number, longitude: number}} place
 */
export function contains(bounds, place) {
  return (
    place.latitude >= bounds.south &&
    place.latitude <= bounds.north &&
    place.longitude >= bounds.west &&
    place.longitude <= bounds.east
  );
}
