// Short names for the generated types of photos, videos and links.
import type { components } from './schema';

type Schemas = components['schemas'];

/** The kinds of media that a story can have. The server has other kinds, too. */
export type MediaKind = Extract<Schemas['MediaKind'], 'photo' | 'video'>;
export type Media = Schemas['Media'];
export type Attachment = Schemas['Attachment'];
/** One size of a picture, by URL. */
export type PictureSize = Schemas['AttachmentSize'];
export type LinkPreview = Schemas['LinkPreview'];
