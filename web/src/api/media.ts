// Short names for the generated types of photos.
import type { components } from './schema';

type Schemas = components['schemas'];

export type MediaKind = Schemas['MediaKind'];
export type Media = Schemas['Media'];
export type Attachment = Schemas['Attachment'];
/** One size of a picture, by URL. */
export type PictureSize = Schemas['AttachmentSize'];
