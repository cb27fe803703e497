/**
 * Finds the word that someone most likely meant.
 *
 * @returns the candidate with the fewest edits (letters inserted, removed, replaced, or swapped with their neighbour;
 *   case is ignored), the first of several, or undefined when all differ in more than a third of the letters
 */
export function nearestWord(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  let nearest: string | undefined
  let distanceMin = Math.max(2, Math.floor(wanted.length / 3)) + 1
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - wanted.length) >= distanceMin) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance < distanceMin) {
      nearest = candidate
      distanceMin = distance
    }
  }
  return nearest
}

/** Optimal string alignment distance. */
export function editDistance(left: string, right: string): number {
  let twoAbove: number[] = []
  let above = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const same = left[row - 1] === right[column - 1]
      let distance = Math.min(above[column]! + 1, current[column - 1]! + 1, above[column - 1]! + (same ? 0 : 1))
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]
      if (swapped) distance = Math.min(distance, twoAbove[column - 2]! + 1)
      current.push(distance)
    }
    twoAbove = above
    above = current
  }
  return above[right.length]!
}
