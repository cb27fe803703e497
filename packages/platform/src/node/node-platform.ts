import type { Platform } from '../platform.ts'
import { nodeClock } from './node-clock.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { nodeNetwork } from './node-network.ts'
import { nodeRandom } from './node-random.ts'

export function createNodePlatform(): Platform {
  return { fileSystem: nodeFileSystem, network: nodeNetwork, clock: nodeClock, random: nodeRandom }
}
