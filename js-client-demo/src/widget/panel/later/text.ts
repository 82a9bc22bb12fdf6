import type { Language } from '../../talk';

const portuguese = {
  sending: (name: string) => `Enviando ${name}`,
  cancel: 'Cancelar',
  dismiss: 'Fechar',
  tooLarge: (most: string) => `O arquivo é grande demais: o limite é ${most}.`,
  unsupported: 'Arquivos deste tipo não podem ser enviados.',
  tooOften: 'Muitos envios de uma vez. Espere um pouco.',
  failed: 'Não foi possível enviar o arquivo.',
  tryAgain: 'Tentar de novo',
};

const english: typeof portuguese = {
  sending: (name) => `Sending ${name}`,
  cancel: 'Cancel',
  dismiss: 'Close',
  tooLarge: (most) => `The file is too large: the limit is ${most}.`,
  unsupported: 'Files of this type cannot be sent.',
  tooOften: 'Too many at once. Wait a little.',
  failed: 'The file could not be sent.',
  tryAgain: 'Try again',
};

export type FileWords = typeof portuguese;

export const fileWords: Record<Language, FileWords> = { 'pt-BR': portuguese, en: english };
