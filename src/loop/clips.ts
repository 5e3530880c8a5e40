import { parse } from 'csv-parse/sync'
import { decodeAudio, type Recording } from '../audio/decode.ts'
import type { Card } from '../catalogue/card.ts'
import { MilliwattError } from '../core/errors.ts'
import type { Host } from '../core/host.ts'
import { filesBelow } from './files-below.ts'

/** A recording to analyse: its name in reports, its label if known, and how to read it. */
export interface ClipSource {
  /** Path relative to the input folder, or the file's name. */
  readonly clip: string
  readonly expected?: string
  /** @throws MilliwattError CLIP_* */
  read(): Promise<Recording>
}

type Labels = Pick<Card, 'labels' | 'otherLabel' | 'silenceLabel'>

/** A row of `manifest.csv`; `split` and `kind` may be missing. */
interface ManifestRow {
  readonly path: string
  readonly label?: string
  readonly split?: string
  readonly kind?: string
}

const audioName = /\.(wav|flac)$/i

function expectedOf(row: ManifestRow, labels: Labels): string {
  if (row.label && labels.labels.includes(row.label)) return row.label
  return row.kind === 'noise' ? labels.silenceLabel : labels.otherLabel
}

function sourceOf(host: Host, path: string, clip: string, expected: string | undefined): ClipSource {
  return {
    clip,
    ...(expected === undefined ? {} : { expected }),
    read: async () => {
      let bytes: Uint8Array
      try {
        bytes = await host.files.readBytes(path)
      } catch (error) {
        throw new MilliwattError('CLIP_NOT_FOUND', path, undefined, error)
      }
      return decodeAudio(bytes, path)
    },
  }
}

/** The manifest that describes a path: in the folder itself or in one of the folders above it. */
async function findManifest(
  host: Host,
  path: string,
): Promise<{ readonly folder: string; readonly rows: readonly ManifestRow[] } | null> {
  const { files } = host
  for (let folder = path; ; folder = files.dirname(folder)) {
    const manifest = files.join(folder, 'manifest.csv')
    const found = await files.stat(manifest)
    if (found?.kind === 'file') {
      const rows = parse<ManifestRow>(await files.readText(manifest), { columns: true, skip_empty_lines: true })
      if (rows.every((row) => typeof row.path === 'string')) return { folder, rows }
    }
    if (files.dirname(folder) === folder) return null
  }
}

function labelOfFolder(clip: string, folderName: string, labels: Labels): string | undefined {
  const parent = clip.split('/').at(-2) ?? folderName
  return labels.labels.includes(parent) ? parent : undefined
}

async function folderClips(
  host: Host,
  folder: string,
  labels: Labels,
  split: string | undefined,
): Promise<readonly ClipSource[]> {
  const { files } = host
  const manifest = await findManifest(host, folder)
  const known = new Map((manifest?.rows ?? []).map((row) => [files.join(manifest!.folder, row.path), row]))
  const names = await filesBelow(host, folder, audioName)
  return names.flatMap((clip) => {
    const path = files.join(folder, clip)
    const row = known.get(path)
    if (split !== undefined && row?.split !== split) return []
    const expected =
      row?.label !== undefined ? expectedOf(row, labels) : labelOfFolder(clip, files.basename(folder), labels)
    return [sourceOf(host, path, clip, expected)]
  })
}

/**
 * Finds the recordings behind a path: one file, or every WAV and FLAC file below a folder. Labels come from a
 * `manifest.csv` (columns path, label; optionally split, kind) in the folder or above it, else from the name of
 * the folder that a clip lies in.
 * @param split takes only the manifest's clips of this split
 * @throws MilliwattError CLIP_NOT_FOUND
 */
export async function findClips(
  host: Host,
  path: string,
  labels: Labels,
  split?: string,
): Promise<readonly ClipSource[]> {
  const { files } = host
  const full = files.resolve(path)
  const found = await files.stat(full)
  if (!found) throw new MilliwattError('CLIP_NOT_FOUND', path)
  if (found.kind === 'folder') {
    const clips = await folderClips(host, full, labels, split)
    if (clips.length > 0) return clips
    const which = split === undefined ? '' : ` of split "${split}"`
    throw new MilliwattError('CLIP_NOT_FOUND', path, `The folder holds no WAV or FLAC file${which}.`)
  }
  const manifest = await findManifest(host, files.dirname(full))
  const row = manifest?.rows.find((candidate) => files.join(manifest.folder, candidate.path) === full)
  const name = files.basename(full)
  const expected =
    row?.label !== undefined
      ? expectedOf(row, labels)
      : labelOfFolder(name, files.basename(files.dirname(full)), labels)
  return [sourceOf(host, full, name, expected)]
}
