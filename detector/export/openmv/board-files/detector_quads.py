"""Four corners chosen together, where the best peak of each alone is in doubt or makes no quadrilateral."""

import math


def in_doubt(best, quad):
    """Whether four peaks (x, y, share) leave a doubt."""
    return min(share for _, _, share in best) < quad["clear_share"] or not is_sound(best, quad["near_cells"])


def is_sound(corners, near):
    """Whether the corners run clockwise on the screen, convex, and lie apart."""
    for index in range(4):
        (ax, ay, _), (bx, by, _), (cx, cy, _) = (corners[(index + step) % 4] for step in range(3))
        if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) <= 0:
            return False
        if length(ax - bx, ay - by) <= near or length(ax - cx, ay - cy) <= near:
            return False
    return True


def length(x, y):
    """The length of a vector."""
    return math.sqrt(x * x + y * y)


def choose_quad(peaks, quad):
    """The likeliest sound quadrilateral of K candidates a corner, by their shares and by how near to a parallelogram
    it is; the best peak of each corner where none is sound."""
    chosen, best = [candidates[0] for candidates in peaks], None
    logs = [[math.log(max(share, 1e-9)) for _, _, share in candidates] for candidates in peaks]
    count = len(peaks[0])
    for number in range(count**4):
        choice = [number // count**power % count for power in (3, 2, 1, 0)]
        corners = [peaks[corner][choice[corner]] for corner in range(4)]
        if min(share for _, _, share in corners) <= quad["least_share"] or not is_sound(corners, quad["near_cells"]):
            continue
        likely = sum(logs[corner][choice[corner]] for corner in range(4))
        likely -= 0.5 * (skew(corners) / quad["skew_sigma"]) ** 2
        if best is None or likely > best:
            chosen, best = corners, likely
    return chosen


def skew(corners):
    """Twice the distance of the diagonals' middles over the longer diagonal, 0 for a parallelogram."""
    (ax, ay, _), (bx, by, _), (cx, cy, _), (dx, dy, _) = corners
    longer = max(length(cx - ax, cy - ay), length(dx - bx, dy - by))
    return length(ax + cx - bx - dx, ay + cy - by - dy) / max(longer, 1e-6)
