import type { AnyCommand, ExtFields, FrameBody, HeaderCodec } from '@rocketmq-ts/protocol'

/** What a signature covers. */
export interface SignedRequest {
  readonly code: number
  /** All fields, the signer's identity included, sorted by name in the order of UTF-16 code units, as in Java. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: FrameBody | undefined
}

/** Adds fields to each request that leaves, such as those of RocketMQ's access control (AccessKey and Signature). */
export interface Signer {
  /** Fields that name who signs; signed with the others. */
  readonly identity: ExtFields
  /** @returns fields to add after signing, such as Signature */
  sign(request: SignedRequest): ExtFields
}

/** The fields of a request with identity and signature. */
export function signedFields<Header>(
  signer: Signer,
  command: AnyCommand & { readonly requestCodec: HeaderCodec<Header> },
  header: Header,
  body: FrameBody | undefined,
): ExtFields {
  const extFields = { ...command.requestCodec.encode(header), ...signer.identity }
  const fields = Object.entries(extFields).sort(([one], [other]) => (one < other ? -1 : 1))
  return { ...extFields, ...signer.sign({ code: command.code, fields, body }) }
}
