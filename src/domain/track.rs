//! A track as a line on a map. Times, elevations and what counts are not known here.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::geo::{Place, plane_m};

/// Which of `points` to draw so that the line looks the same: their indices in order, at most `bound` of them.
///
/// Douglas–Peucker by priority: beginning with both ends, the point that lies farthest off the line drawn so far is
/// added until `bound` are chosen. Points that add nothing (a straight road, a rest) are taken last, from the middle of
/// the longest stretch, so that times and elevations are spread well too. Both ends are always kept, for a bound of
/// 0 or 1 too. O(n log bound) for tracks as they are recorded.
pub fn simplify(points: &[Place], bound: usize) -> Vec<usize> {
    if points.len() <= bound.max(2) {
        return (0..points.len()).collect();
    }
    let plane: Vec<Point> = points.iter().map(|point| plane_m(points[0], *point)).collect();
    let mut kept = vec![0, points.len() - 1];
    let mut stretches = BinaryHeap::from_iter(Stretch::between(&plane, 0, points.len() - 1));
    while kept.len() < bound {
        let Some(Stretch { first, farthest, last, .. }) = stretches.pop() else { break };
        kept.push(farthest);
        stretches.extend(Stretch::between(&plane, first, farthest));
        stretches.extend(Stretch::between(&plane, farthest, last));
    }
    kept.sort_unstable();
    kept
}

/// Metres east and north.
type Point = (f64, f64);

/// The points between two chosen ones, and the one of them that the line misses most.
#[derive(PartialEq)]
struct Stretch {
    deviation_m: f64,
    first: usize,
    farthest: usize,
    last: usize,
}

impl Stretch {
    /// `None` when nothing lies between.
    fn between(plane: &[Point], first: usize, last: usize) -> Option<Self> {
        let middle = first + (last - first) / 2;
        if middle == first {
            return None;
        }
        let mut stretch = Self { deviation_m: 0.0, first, farthest: middle, last };
        for index in first + 1..last {
            let deviation_m = distance_to_segment_m(plane[index], plane[first], plane[last]);
            if deviation_m > stretch.deviation_m {
                (stretch.deviation_m, stretch.farthest) = (deviation_m, index);
            }
        }
        Some(stretch)
    }
}

impl Ord for Stretch {
    fn cmp(&self, other: &Self) -> Ordering {
        self.deviation_m
            .total_cmp(&other.deviation_m)
            .then_with(|| (self.last - self.first).cmp(&(other.last - other.first)))
            .then_with(|| other.first.cmp(&self.first))
    }
}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Stretch {}

fn distance_to_segment_m(point: Point, from: Point, to: Point) -> f64 {
    let (along_x, along_y) = (to.0 - from.0, to.1 - from.1);
    let (x, y) = (point.0 - from.0, point.1 - from.1);
    let length_squared = along_x * along_x + along_y * along_y;
    let fraction =
        if length_squared > 0.0 { ((x * along_x + y * along_y) / length_squared).clamp(0.0, 1.0) } else { 0.0 };
    (x - fraction * along_x).hypot(y - fraction * along_y)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(points: &[(f64, f64)]) -> Vec<Place> {
        points.iter().map(|(latitude, longitude)| Place::new(*latitude, *longitude).unwrap()).collect()
    }

    #[test]
    fn short_tracks_are_kept_whole() {
        assert_eq!(simplify(&[], 5), [0; 0]);
        assert_eq!(simplify(&places(&[(0.0, 0.0)]), 0), [0]);
        assert_eq!(simplify(&places(&[(0.0, 0.0), (1.0, 1.0)]), 0), [0, 1]);
        assert_eq!(simplify(&places(&[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]), 3), [0, 1, 2]);
    }

    #[test]
    fn most_significant_points_come_first() {
        let corner =
            [(60.0, 24.0), (60.0, 24.001), (60.000_01, 24.002), (60.0, 24.003), (60.001, 24.003), (60.002, 24.003)];
        for (bound, expected) in
            [(0, vec![0, 5]), (3, vec![0, 3, 5]), (4, vec![0, 2, 3, 5]), (9, vec![0, 1, 2, 3, 4, 5])]
        {
            assert_eq!(simplify(&places(&corner), bound), expected, "{bound}");
        }
    }

    #[test]
    fn point_that_adds_nothing_is_taken_from_the_middle_of_the_longest_stretch() {
        let rest = vec![(60.0, 24.0); 9];
        assert_eq!(simplify(&places(&rest), 5), [0, 2, 4, 6, 8]);
    }

    #[test]
    fn line_over_the_antimeridian_is_a_line() {
        let line = [(0.0, 179.99), (0.000_5, 179.995), (0.0, -179.999), (0.0, -179.99)];
        assert_eq!(simplify(&places(&line), 3), [0, 1, 3]);
    }

    #[test]
    fn everything_left_out_lies_close_to_the_line() {
        let spiral: Vec<_> = (0..5_000)
            .map(|step| f64::from(step) / 100.0)
            .map(|turn| (60.0 + turn.sin() * turn / 1e4, 24.0 + turn.cos() * turn / 1e4))
            .collect();
        let points = places(&spiral);
        let kept = simplify(&points, 200);
        assert_eq!(kept.len(), 200);
        let plane: Vec<Point> = points.iter().map(|point| plane_m(points[0], *point)).collect();
        let worst_m =
            kept.windows(2).filter_map(|ends| Stretch::between(&plane, ends[0], ends[1])).max().unwrap().deviation_m;
        assert!(worst_m < 10.0, "{worst_m}");
    }
}
