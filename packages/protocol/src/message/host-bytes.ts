/**
 * A host and port as a record holds them: the address in network order (4 or 16 bytes), then the port (4 bytes).
 * @throws Error when `host` is neither an IPv4 nor an IPv6 address
 */
export function encodeHost(host: string, port: number): Buffer {
  const address = isIpv6(host) ? encodeIpv6(host) : encodeIpv4(host)
  const bytes = Buffer.allocUnsafe(address.length + 4)
  address.copy(bytes)
  bytes.writeInt32BE(port, address.length)
  return bytes
}

/** @param bytes 8 or 20 bytes as `encodeHost` gives them */
export function decodeHost(bytes: Buffer): { host: string; port: number } {
  const addressBytes = bytes.length - 4
  const host =
    addressBytes === 4
      ? `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`
      : Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16)).join(':')
  return { host, port: bytes.readInt32BE(addressBytes) }
}

export function isIpv6(host: string): boolean {
  return host.includes(':')
}

function encodeIpv4(host: string): Buffer {
  const parts = host.split('.').map(Number)
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) {
    throw new Error(`"${host}" is not an IP address`)
  }
  return Buffer.from(parts)
}

function encodeIpv6(host: string): Buffer {
  const plain = host.replace(/%.*$/, '').replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const pair = (high: string, low: string): string => (Number(high) * 256 + Number(low)).toString(16)
    return `${pair(a, b)}:${pair(c, d)}`
  })
  const [head = '', tail] = plain.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = 8 - left.length - right.length
  if (tail === undefined ? missing !== 0 : missing < 0) throw new Error(`"${host}" is not an IP address`)
  const groups = [...left, ...Array<string>(tail === undefined ? 0 : missing).fill('0'), ...right]
  const bytes = Buffer.allocUnsafe(16)
  groups.forEach((group, index) => {
    if (!/^[0-9a-f]{1,4}$/i.test(group)) throw new Error(`"${host}" is not an IP address`)
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2)
  })
  return bytes
}
