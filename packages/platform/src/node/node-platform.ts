import type { Platform } from '../platform.ts'
import type { OnFolderLost } from './folder-lock.ts'
import { nodeClock } from './node-clock.ts'
import { createNodeFileSystem } from './node-file-system.ts'
import { nodeNetwork } from './node-network.ts'
import { nodeRandom } from './node-random.ts'

export interface NodePlatformOptions {
  /**
   * Called when another process has taken a folder that this one had locked. That only happens when this process stood
   * still and their kernels share no locks. End the process at once; by default it ends with an error.
   */
  onFolderLost?: OnFolderLost
}

export function createNodePlatform({ onFolderLost }: NodePlatformOptions = {}): Platform {
  return { fileSystem: createNodeFileSystem(onFolderLost), network: nodeNetwork, clock: nodeClock, random: nodeRandom }
}
