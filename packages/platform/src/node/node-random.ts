import type { Random } from '../random.ts'

export const nodeRandom: Random = {
  below: (limit) => Math.floor(Math.random() * limit),
}
