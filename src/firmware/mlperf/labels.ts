import { MilliwattError } from '../../core/errors.ts'

/** A line of `y_labels.csv`: a file, how many classes there are, which one it is. */
export interface LabelledFile {
  readonly file: string
  readonly classes: number
  readonly label: number
  /** The file holds a longer recording: so many bytes an inference, so many between the beginnings of two. */
  readonly windows: { readonly bytes: number; readonly stride: number } | null
}

/**
 * Reads MLPerf Tiny's `y_labels.csv` (`file,classes,class[,bytes,stride]`, no head).
 * @throws MilliwattError LABELS_INVALID with the line
 */
export function readLabels(text: string, where: string): readonly LabelledFile[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  return lines.flatMap((line, at): LabelledFile[] => {
    if (line === '' || line.startsWith('#')) return []
    const fields = line.split(',').map((field) => field.trim())
    const [classes, label, bytes, stride] = fields.slice(1).map(Number)
    const wrong = (why: string) => new MilliwattError('LABELS_INVALID', where, `Line ${at + 1}: ${why}.`)
    if (fields.length !== 3 && fields.length !== 5) throw wrong('it has not 3 or 5 fields')
    if (!Number.isInteger(classes) || !Number.isInteger(label)) throw wrong('classes and class must be integers')
    if (label! < 0 || label! >= Math.max(2, classes!)) throw wrong(`there is no class ${label} of ${classes}`)
    if (fields.length === 3) return [{ file: fields[0]!, classes: classes!, label: label!, windows: null }]
    if (!(bytes! > 0 && stride! > 0)) throw wrong('bytes and stride must be above 0')
    return [{ file: fields[0]!, classes: classes!, label: label!, windows: { bytes: bytes!, stride: stride! } }]
  })
}
