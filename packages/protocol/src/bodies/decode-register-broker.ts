import type { Buffer } from 'node:buffer'
import { type RegisterBroker, registerBrokerBody } from './register-broker.ts'
import { decodeCompressedRegisterBroker } from './register-broker-compressed.ts'

const BRACE_OPEN = 0x7b
const BLANK_MAX = 0x20

/**
 * Reads the body of request 103 in either form. The form is told from the first byte and not from the header's
 * `compressed`, since official 5.5.0 brokers with `compressedRegister=true` send the compressed form and say
 * `compressed=false`.
 *
 * @param inflatedMax how many bytes a compressed body may become; default as in `decodeCompressedRegisterBroker`
 * @throws BodyError
 */
export function decodeRegisterBroker(bytes: Buffer, inflatedMax?: number): RegisterBroker {
  const first = bytes[0] ?? BRACE_OPEN
  if (first === BRACE_OPEN || first <= BLANK_MAX) return registerBrokerBody.decode(bytes)
  return decodeCompressedRegisterBroker(bytes, inflatedMax)
}
