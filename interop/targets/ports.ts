import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { cacheFolder } from './paths.ts'

const blockSize = 10
/** Longer than any run of the tests. */
const claimLifetimeMs = 3_600_000
const claimsFolder = join(cacheFolder, 'ports')
const claims = new Set<string>()
process.on('exit', () => {
  for (const claim of claims) rmSync(claim, { force: true })
})

/** Below the ports that systems hand out to outgoing connections. `INTEROP_PORTS=first-last` replaces it. */
function range(): { first: number; last: number } {
  const text = process.env.INTEROP_PORTS ?? '20000-29999'
  const [first = Number.NaN, last = Number.NaN] = text.split('-').map(Number)
  if (!(Number.isInteger(first) && Number.isInteger(last) && first > 1023 && last - first >= blockSize)) {
    throw new Error(`INTEROP_PORTS must be first-last with ${blockSize} ports or more, is ${text}`)
  }
  return { first, last }
}

/** A port on which nothing listens, kept for this process until it ends. */
export async function allocateNameServerPort(): Promise<number> {
  return allocateBlock([0])
}

/**
 * A `listenPort` for a broker, kept for this process until it ends. A broker listens on three ports: this one, the one
 * two below (the fast port) and the one above (replication).
 */
export async function allocateBrokerPort(): Promise<number> {
  return (await allocateBlock([2, 4, 5])) + 4
}

async function allocateBlock(used: number[]): Promise<number> {
  const { first, last } = range()
  const blocks = Math.floor((last - first + 1) / blockSize)
  const start = Math.floor(Math.random() * blocks)
  for (let step = 0; step < blocks; step++) {
    const base = first + ((start + step) % blocks) * blockSize
    if (!claim(base)) continue
    const free = await Promise.all(used.map((offset) => isFree(base + offset)))
    if (free.every(Boolean)) return base
    // The claim stays: a port that something else uses is not worth a second look.
  }
  throw new Error(`no free block of ${blockSize} ports from ${first} to ${last}`)
}

/** Claims are files, so that test files that run in processes of their own do not choose the same ports. */
function claim(base: number): boolean {
  mkdirSync(claimsFolder, { recursive: true })
  const file = join(claimsFolder, String(base))
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      claims.add(file)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      if (isClaimAlive(file)) return false
      rmSync(file, { force: true })
    }
  }
  return false
}

/** Processes that were killed leave claims behind, and their ids may be given to others: old claims do not count. */
function isClaimAlive(file: string): boolean {
  try {
    if (Date.now() - statSync(file).mtimeMs > claimLifetimeMs) return false
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    // EPERM: a process of another user has that id. Anything else: the claim or its owner is gone.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)))
  })
}
