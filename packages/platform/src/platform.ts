import type { Clock } from './clock.ts'
import type { FileSystem } from './file-system.ts'
import type { Network } from './network.ts'
import type { Random } from './random.ts'

/** Everything of the outside world that the product touches. */
export interface Platform {
  fileSystem: FileSystem
  network: Network
  clock: Clock
  random: Random
}
