import { params } from '@nanostores/i18n';
import { i18n } from '../../i18n';

export const mediaText = i18n('chatMedia', {
  open: 'Abrir a imagem',
  close: 'Fechar',
  previous: 'Imagem anterior',
  next: 'Próxima imagem',
  download: 'Baixar',
  downloadNamed: params('Baixar {name}'),
  play: 'Tocar',
  pause: 'Pausar',
  position: 'Posição',
  speed: 'Velocidade',
  coming: 'O arquivo está chegando…',
  failed: 'O arquivo não pôde ser trazido.',
  gone: 'O arquivo não existe mais no WhatsApp.',
  expired: 'O arquivo expirou no WhatsApp.',
  too_large: 'O arquivo é grande demais.',
  checksum: 'O arquivo chegou danificado.',
  forbidden: 'O WhatsApp não entregou o arquivo.',
  unreachable: 'O WhatsApp não respondeu.',
  file: 'Arquivo',
  map: 'Ver no mapa',
  call: params('Ligar para {name}'),
});
