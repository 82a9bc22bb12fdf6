//! What customers write: no two texts are alike, and each knows its number.

/// The words that every second word of Portuguese is one of.
const SMALL: &str = "\
    de de de de a a a o o o que que e e do da em um para com não uma os no se na por mais as dos \
    como mas ao ele das à seu sua ou quando muito nos já eu também só pelo pela até isso ela entre \
    depois sem mesmo meu minha você tem está foi ser vai me";

/// Words of the trade. With the small ones in between, a text compresses about as what a person
/// writes does; one word repeated would to a fortieth.
const WORDS: &str = "\
    abrir aceita acho acompanhar acordo agora agradeço ainda ajuda alguém algum almoço alteração \
    amanhã ambiente amiga amigo andar anexo aniversário anterior antes anúncio aparelho apartamento \
    apenas aplicativo aqui área armário arquivo assinatura assunto atacado atendente atendimento até \
    atraso atualizar aula autorização avenida aviso azul bairro banco barato bateria boa boleto bom \
    branca brinde buscar cabo cada cadastro cadeira caixa calça cama caminhão cancelar capinha cartão \
    casa catálogo celular centro certeza chamado chegou cheiro cidade clara cliente cobrança código \
    colega comprar comprovante computador condição conferir confirmar conforme conseguir conserto \
    consulta conta contato contrato conversa cor correio corrente cozinha crédito criança cuidado \
    cupom custa débito decidir defeito deixar demora dentro depois depósito desconto desculpa \
    descrição detalhe devolução dia diferente digital dinheiro direto disponível domingo dúvida \
    embalagem emissão empresa encomenda endereço engano enquanto entrada entrega envelope enviar \
    equipe errado escola escolher escritório escura especial espera esquina esqueci estacionamento \
    estoque estrada etiqueta exame exemplo explicar família farmácia favor fazer fechado feira \
    ferramenta fez filha financeiro fita foto frágil frente frete funciona fábrica garantia geladeira \
    gostaria gostei grande grátis grupo haver hoje horário imagem imposto impressora incluir \
    informação instalar instrução interesse internet janela jardim jogo junto lacre lado limite linda \
    lista logo loja longe luz madeira manhã manual manutenção marca material medida meia melhor menor \
    mensagem mercado mesa metade ligação moça modelo momento montagem mostrar motorista mudança muito \
    móvel nenhum noite nome nota notícia novo número obrigada oferta oficina olhar ontem opção \
    orçamento orientação padrão pagamento pai papel parcela parece partir passar peça pedido pequeno \
    perdeu pergunta período pesquisa pessoa pintura piso plano porta portaria possível posto prateleira \
    prazo precisa preço prefiro presente problema procurar produto promoção proposta próxima quadra \
    qualidade quando quarta quebrado queria questão quinta rápido rastreio receber recibo reclamação \
    recomendar rede reembolso registro relógio remédio renovar reposição reserva resolver resposta \
    retirada retorno reunião rosa roupa rua sábado saída sala saldo satisfeita segunda segurança \
    semana senha serviço setor sexta simples sistema site sobrinho sofá solicitar solução sábio \
    subir sugestão suporte tamanho tarde técnico tela telefone tempo tênis terça terminar testar \
    tinta tipo tomada total trabalho transferência transportadora troca tudo unidade urgente usado \
    usuário vale valor varanda vazio vendedora verde verificar vermelho vestido viagem vidro virtual \
    visita vizinho volta vontade voltagem whatsapp zíper";

/// The text of a number, at least `length` bytes long.
pub(crate) fn text(number: u64, length: usize) -> String {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let small: Vec<&str> = SMALL.split_whitespace().collect();
    let mut dice = Dice(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let mut text = format!("#{number}");
    let mut left = 0;
    while text.len() < length {
        let from = [&small, &words][dice.below(2)];
        let word = from[dice.below(from.len())];
        if left > 0 {
            text.push(' ');
            text.push_str(word);
        } else {
            text.push_str([".", "!", "?", ",", "…"][dice.below(5)]);
            text.push_str([" ", " ", " ", "\n"][dice.below(4)]);
            let first = word.chars().next().into_iter().flat_map(char::to_uppercase);
            text.extend(first.chain(word.chars().skip(1)));
            left = 4 + dice.below(12);
        }
        left -= 1;
    }
    text
}

/// The number of a text.
pub(crate) fn number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('#')?;
    let end = digits.find(|it: char| !it.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// xorshift64*, so that every run sends the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).map_or(0, |high| high % limit)
    }
}
