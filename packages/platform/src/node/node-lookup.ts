import dns from 'node:dns/promises'

/** Finds servers by what is kept elsewhere. */
export interface Lookup {
  /** All IP addresses of a host. @throws Node's error when it has none */
  addressesOf(host: string): Promise<string[]>
  /** The text behind an http or https URL. @throws Error when there is none in time, or more than 64 KiB of it */
  textAt(url: string, timeoutMs: number): Promise<string>
}

const textBytesMax = 64 * 1024

export const nodeLookup: Lookup = {
  async addressesOf(host) {
    return (await dns.lookup(host, { all: true })).map(({ address }) => address)
  },
  async textAt(url, timeoutMs) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (answer.status !== 200) throw new Error(`it was answered with status ${answer.status}`)
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of answer.body ?? []) {
      bytes += part.length
      if (bytes > textBytesMax) throw new Error(`the answer has more than ${textBytesMax} bytes`)
      parts.push(part)
    }
    return Buffer.concat(parts).toString('utf8')
  },
}
