import {
  type EncodedProperties,
  formatLightOffsets,
  isLightQueue,
  type LightPlace,
  lightPlacesIn,
  propertyName,
} from '@rocketmq-ts/protocol'
import { isFolderName } from './topic-handle.ts'

const nameEnd = '\u0001'
const valueEnd = '\u0002'

/** Whether a light queue can have this name: it becomes that of a folder. */
export function canBeLightQueue(name: string): boolean {
  return isLightQueue(name) && isFolderName(name)
}

/** Where a record says that it stands, in queues that a store can have. */
export function lightPlaces(properties: EncodedProperties): LightPlace[] {
  return lightPlacesIn(properties).filter(({ name }) => canBeLightQueue(name))
}

/** Encoded properties with these offsets in light queues and no others; without offsets, with none. */
export function withLightOffsets(text: string, offsets: readonly number[]): string {
  const own = `${propertyName.multiQueueOffset}${nameEnd}`
  const pairs = text.split(valueEnd).filter((pair) => pair !== '' && !pair.startsWith(own))
  if (offsets.length > 0) pairs.push(`${own}${formatLightOffsets(offsets)}`)
  return pairs.map((pair) => `${pair}${valueEnd}`).join('')
}
