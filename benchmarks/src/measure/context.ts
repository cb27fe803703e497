import type { BenchServers } from '../servers/bench-servers.ts'

/** What a slice of load is measured with. */
export interface SliceContext {
  servers: BenchServers
  warmMs: number
  measureMs: number
  /** For logs of client programs. */
  folder: string
  say: (text: string) => void
}
