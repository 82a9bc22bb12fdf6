//! What people say to a small business, and what they are called.

/// What somebody says, in one message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Line {
    Text(&'static str),
    Picture(&'static str),
    Voice,
    /// A document with its name and what is said to it.
    File(&'static str, &'static str),
    /// A place with its name, its address, and where it is.
    Place(&'static str, &'static str, f64, f64),
    /// Goods from the catalogue with what is said to them: which, how many, at which price.
    Order(&'static str, &'static [(&'static str, u32, f64)]),
}

use Line::{File, Order, Picture, Place, Text, Voice};

/// Conversations, by what they are about.
pub(super) const TOPICS: [&[Line]; 10] = [
    &[
        Text("Oi, boa tarde! Vocês fazem bolo por encomenda?"),
        Text("Queria um de cenoura com cobertura de chocolate, para umas 15 pessoas"),
        Picture("Mais ou menos assim, mas sem o granulado"),
        Text("Quanto fica?"),
        Text("Fechado! Pode ser para sábado às 10h?"),
        File("comprovante.pdf", "Segue o comprovante do sinal"),
        Text("Obrigada, até sábado! 🎂"),
    ],
    &[
        Text("Bom dia, ainda tem o kit de temperos?"),
        Text("Qual o valor com frete para o 30130-010?"),
        Order("Então quero esses", &[("TEMPERO-KIT", 1, 59.9), ("PIMENTA-GRANDE", 2, 14.5)]),
        Text("Aceita Pix?"),
        File("pix.pdf", "Paguei agora"),
        Text("Me manda o código de rastreio quando postar, por favor"),
    ],
    &[
        Text("Oi! Meu pedido ainda não chegou 😕"),
        Text("É o 4471, comprei na terça"),
        Text("No site diz que saiu para entrega ontem"),
        Place("Casa", "Rua das Flores, 7, Niterói", -22.883_2, -43.103_4),
        Text("O portão é o verde, pode tocar a campainha"),
        Text("Chegou agora, tudo certo. Obrigado!"),
    ],
    &[
        Text("Olá, gostaria de marcar um horário para corte"),
        Text("Tem vaga quinta depois das 17h?"),
        Text("Com a Jéssica, se der"),
        Text("18h30 está ótimo 👍"),
        Text("Posso levar minha filha para cortar a franja também?"),
        Voice,
    ],
    &[
        Text("Boa noite, vocês abrem no feriado?"),
        Text("E até que horas?"),
        Text("Dá para reservar uma mesa para 6?"),
        Text("Vai ter uma cadeirinha de bebê?"),
        Text("Perfeito, no nome de Renata então"),
    ],
    &[
        Text("Vi no Instagram a promoção do tênis, ainda vale?"),
        Picture("Esse aqui"),
        Text("Tem 39?"),
        Text("E na cor preta?"),
        Text("Parcelam em quantas vezes?"),
        Text("Vou passar aí na loja amanhã para experimentar"),
    ],
    &[
        Text("Oi, a máquina que comprei aí não está ligando"),
        Picture("Essa luz fica piscando"),
        Text("Já troquei de tomada e nada"),
        File("nota-fiscal.pdf", "A nota está aqui"),
        Text("Ainda está na garantia, né?"),
        Voice,
        Text("Combinado, levo na assistência segunda"),
    ],
    &[
        Text("Oi, tudo bem? Queria um orçamento para pintar dois quartos"),
        Text("São 3x4 metros cada um, teto também"),
        Picture("Esse é o maior"),
        Place("Apartamento", "Av. Afonso Pena, 1500, Belo Horizonte", -19.924_5, -43.935_2),
        Text("A tinta já está inclusa?"),
        Text("E quanto tempo leva?"),
        Text("Vou falar com meu marido e te aviso"),
    ],
    &[
        Text("Bom dia! O Thor está precisando de banho e tosa"),
        Text("Ele é um golden, 32 kg"),
        Picture("Olha o tamanho 😂"),
        Text("Vocês buscam em casa?"),
        Place("Portaria", "Rua Augusta, 900, São Paulo", -23.553_9, -46.655_1),
        Text("Pode ser amanhã cedo?"),
    ],
    &[
        Text("Oi, sou da padaria do bairro. Vocês vendem embalagem no atacado?"),
        Text("Preciso de 500 caixas para salgado, a média"),
        Order("Seria isso", &[("CAIXA-M", 500, 0.89), ("SACOLA-P", 200, 0.35)]),
        Text("Emitem nota para CNPJ?"),
        Text("Qual o prazo de entrega?"),
        Text("Ok, vou fechar com vocês"),
    ],
];

/// What people answer.
pub(super) const REPLIES: [&str; 18] = [
    "Ah, perfeito!",
    "Obrigada pelo retorno 😊",
    "Certo, vou aguardar",
    "Pode ser, sim",
    "Quanto fica no total?",
    "Entendi, obrigado!",
    "E tem desconto à vista?",
    "Maravilha, fechado então",
    "Só um minuto que vou ver aqui",
    "Hum, achei um pouco caro… faz por menos?",
    "Show, muito obrigado!",
    "Me avisa quando estiver pronto?",
    "Isso mesmo",
    "Não, era o outro modelo",
    "Consegue para hoje ainda?",
    "Tá bom, combinado 👍",
    "Pode mandar a chave Pix?",
    "Kkkk verdade, obrigada!",
];

/// How people react.
pub(super) const EMOJIS: [&str; 7] = ["👍", "❤️", "🙏", "😂", "😍", "😮", "👏"];

/// Buttons and rows that people choose, where the business has offered none that we know of.
pub(super) const CHOICES: [(&str, &str); 5] = [
    ("sim", "Sim, confirmo"),
    ("nao", "Não, obrigado"),
    ("atendente", "Falar com alguém"),
    ("amanha", "Amanhã de manhã"),
    ("retirar", "Retirar na loja"),
];

/// What people are called.
pub(super) const NAMES: [&str; 20] = [
    "Ana",
    "Bruno",
    "Camila",
    "Diego",
    "Eduarda",
    "Felipe",
    "Gabriela",
    "Henrique",
    "Isabela",
    "João",
    "Karina",
    "Lucas",
    "Mariana",
    "Nelson",
    "Olívia",
    "Paulo",
    "Renata",
    "Sérgio",
    "Tatiane",
    "Vinícius",
];

/// And what their families are called.
pub(super) const FAMILIES: [&str; 17] = [
    "Almeida",
    "Barbosa",
    "Cardoso",
    "Dias",
    "Esteves",
    "Ferreira",
    "Gonçalves",
    "Lima",
    "Moraes",
    "Nascimento",
    "Oliveira",
    "Pereira",
    "Ribeiro",
    "Souza",
    "Teixeira",
    "Vieira",
    "dos Santos",
];

/// Where they live: the area codes of their numbers.
pub(super) const AREAS: [u8; 12] = [11, 11, 11, 21, 21, 31, 41, 48, 51, 61, 71, 85];
