import { UsageError } from '../usage-error.ts'
import type { ToolContext } from './tool.ts'

export type DecodeBody = (body: Uint8Array) => string

/**
 * How bodies are shown that are texts in the charset of an option.
 * @param long the option's long name; UTF-8 where it is not given
 * @throws UsageError for a charset that is not known
 */
export function decoderOf(context: ToolContext, long: string): DecodeBody {
  const charset = context.value(long) ?? 'UTF-8'
  try {
    const decoder = new TextDecoder(charset, { ignoreBOM: true })
    return (body) => decoder.decode(body)
  } catch {
    throw new UsageError(`${long} is ${charset}: give the name of a charset, such as UTF-8 or GBK`)
  }
}
