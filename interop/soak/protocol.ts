import type { Footprint, Numbered, Read } from './findings.ts'

/** Each of these keys stays at one queue. */
export const orderedKeys = ['key-0', 'key-1', 'key-2', 'key-3', 'key-4', 'key-5'] as const
/** Messages of these go to any queue: to another one while a broker is away. */
export const scatteredKeys = ['anywhere-0', 'anywhere-1', 'anywhere-2'] as const

/** Defects that a process of clients can be given, to test what looks for them. */
export type Defect = 'forgets messages' | 'mixes up keys' | 'handles messages twice' | 'leaks clients' | 'leaks memory'

/** How a process of clients is started: JSON in its first argument. */
export interface ClientsOptions {
  readonly nameServers: string
  readonly topic: string
  /** Names of brokers; each has `queuesOfBroker` queues of the topic. */
  readonly brokers: readonly string[]
  readonly queuesOfBroker: number
  readonly seed: number
  readonly defects: readonly Defect[]
}

export type Question = 'footprint' | 'assigned' | 'stopProducing' | 'close'

export interface Answers {
  footprint: Footprint
  /** The queues of the topic that the members of each group have: those that two have are there twice. */
  assigned: Record<string, string[]>
  /** Everything that was begun is acknowledged. */
  stopProducing: null
  /** Milliseconds by client. */
  close: Record<string, number>
}

/** What the process tells its parent. */
export type Told =
  | { readonly kind: 'started' }
  | {
      readonly kind: 'seen'
      readonly acknowledged: readonly Numbered[]
      readonly handled: readonly (Numbered & { readonly group: string })[]
      readonly read: readonly Read[]
    }
  | { readonly kind: 'answer'; readonly question: Question; readonly answer: Answers[Question] }
  | { readonly kind: 'failed'; readonly message: string }
