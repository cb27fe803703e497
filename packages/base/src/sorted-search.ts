/**
 * The first index in [low, high) for which `isAtOrAfter` holds, or `high`; `isAtOrAfter` must be monotonic.
 */
export function firstIndexWhere(low: number, high: number, isAtOrAfter: (index: number) => boolean): number {
  while (low < high) {
    const middle = low + Math.floor((high - low) / 2)
    if (isAtOrAfter(middle)) high = middle
    else low = middle + 1
  }
  return low
}
