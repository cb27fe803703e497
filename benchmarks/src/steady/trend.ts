/** A straight line through points, by least squares. */
export interface Trend {
  slope: number
  /** Standard error of the slope; what two points cannot tell is 0. */
  error: number
}

/** @throws RangeError for fewer than two points, or points that stand above each other */
export function trendOf(points: readonly { x: number; y: number }[]): Trend {
  const count = points.length
  const meanX = points.reduce((total, { x }) => total + x, 0) / count
  const meanY = points.reduce((total, { y }) => total + y, 0) / count
  const spread = points.reduce((total, { x }) => total + (x - meanX) ** 2, 0)
  if (count < 2 || spread === 0) throw new RangeError('a trend needs two points or more, at different places')
  const slope = points.reduce((total, { x, y }) => total + (x - meanX) * (y - meanY), 0) / spread
  const residual = points.reduce((total, { x, y }) => total + (y - meanY - slope * (x - meanX)) ** 2, 0)
  return { slope, error: count === 2 ? 0 : Math.sqrt(residual / (count - 2) / spread) }
}
