const letters = 'abcdefghijklmnopqrstuvwxyz'

/**
 * The name of a broker of `rocketmq start`: broker-a to broker-z, then broker-aa, broker-ab ...
 *
 * @param index from 0
 */
export function brokerName(index: number): string {
  return `broker-${suffix(index)}`
}

function suffix(index: number): string {
  const last = letters.charAt(index % letters.length)
  return index < letters.length ? last : suffix(Math.floor(index / letters.length) - 1) + last
}
