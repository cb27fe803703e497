import type { EncodedProperties, KnownProperty } from './encoded-properties.ts'

interface Repeated {
  bytes: Buffer
  text: string
}

const slotCount = 256

/**
 * The texts of values that many messages have in common, such as the id of their producer: a text is made once and found
 * by its bytes afterwards. Of values that fall together, the last one is kept.
 */
export class RepeatedValues {
  readonly #property: KnownProperty
  readonly #slots = new Array<Repeated | undefined>(slotCount).fill(undefined)

  constructor(property: KnownProperty) {
    this.#property = property
  }

  /** @returns undefined when the property is not there */
  of(properties: EncodedProperties): string | undefined {
    if (!properties.has(this.#property)) return undefined
    const slot = properties.sample(this.#property) & (slotCount - 1)
    const known = this.#slots[slot]
    if (known !== undefined && properties.isValue(this.#property, known.bytes)) return known.text
    const text = properties.value(this.#property)!
    this.#slots[slot] = { bytes: Buffer.from(text, 'utf8'), text }
    return text
  }
}
