//! The form in which names are compared: a phone, a Mac and a keyboard write the same name each in their own letters.

/// How much of a name is looked at, in letters.
const LETTERS_AT_MOST: usize = 300;

/// Letters that carry their mark in themselves, by the letter without it (Unicode's canonical decompositions of Latin, Greek
/// and Cyrillic, small letters only).
#[rustfmt::skip]
const MARKED: &[(char, &str)] = &[
    ('a', "àáâãäåāăąǎǟǡǻȁȃȧḁạảấầẩẫậắằẳẵặ"), ('b', "ḃḅḇ"), ('c', "çćĉċčḉ"), ('d', "ďḋḍḏḑḓ"),
    ('e', "èéêëēĕėęěȅȇȩḕḗḙḛḝẹẻẽếềểễệ"), ('f', "ḟ"), ('g', "ĝğġģǧǵḡ"), ('h', "ĥȟḣḥḧḩḫẖ"),
    ('i', "ìíîïĩīĭįǐȉȋḭḯỉị"), ('j', "ĵǰ"), ('k', "ķǩḱḳḵ"), ('l', "ĺļľḷḹḻḽ"), ('m', "ḿṁṃ"), ('n', "ñńņňǹṅṇṉṋ"),
    ('o', "òóôõöōŏőơǒǫǭȍȏȫȭȯȱṍṏṑṓọỏốồổỗộớờởỡợ"), ('p', "ṕṗ"), ('r', "ŕŗřȑȓṙṛṝṟ"), ('s', "śŝşšșṡṣṥṧṩ"),
    ('t', "ţťțṫṭṯṱẗ"), ('u', "ùúûüũūŭůűųưǔǖǘǚǜȕȗṳṵṷṹṻụủứừửữự"), ('v', "ṽṿ"), ('w', "ŵẁẃẅẇẉẘ"), ('x', "ẋẍ"),
    ('y', "ýÿŷȳẏẙỳỵỷỹ"), ('z', "źżžẑẓẕ"), ('\'', "’"),
    ('α', "άὰ"), ('ε', "έὲ"), ('η', "ήὴ"), ('ι', "ίὶϊΐ"), ('ο', "όὸ"), ('υ', "ύὺϋΰ"), ('ω', "ώὼ"), ('σ', "ς"),
    ('и', "йѝ"), ('е', "ёѐ"), ('і', "ї"), ('у', "ў"), ('к', "ќ"), ('г', "ѓ"),
];

/// A name without case, accents, marks that cannot be seen, and more than one space.
pub(super) fn fold(name: &str) -> String {
    let is_unseen = |letter: char| {
        letter.is_control() && !letter.is_whitespace()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let seen: String =
        name.chars().take(LETTERS_AT_MOST).filter(|letter| !is_unseen(*letter)).collect();
    let small = seen.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let is_mark = |letter: &char| matches!(letter, '\u{300}'..='\u{36f}');
    small.chars().filter(|letter| !is_mark(letter)).map(plain).collect()
}

fn plain(letter: char) -> char {
    let is_one_of = |(_, marked): &&(char, &str)| !letter.is_ascii() && marked.contains(letter);
    MARKED.iter().find(is_one_of).map_or(letter, |(plain, _)| *plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_however_it_is_written() {
        for (one, other) in [
            ("Zoë", "Zoe\u{308}"),
            ("José", "JOSE"),
            ("Ngọc Diệp", "Ngo\u{323}c Die\u{323}\u{302}p"),
            ("İpek", "ipek"),
            ("O’Brien", "O'Brien"),
            ("Οδυσσέας", "ΟΔΥΣΣΕΑΣ"),
            ("Сергей", "СЕРГЕИ\u{306}"),
            ("Mum\u{a0} ", "mum"),
            ("김민수", "김민수"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
        assert_ne!(fold("Ada"), fold("Ida"));
        assert_ne!(fold("🙂"), fold(""), "what is no letter stays");
    }

    #[test]
    fn the_table_holds_small_letters_once() {
        let all: Vec<char> = MARKED.iter().flat_map(|(_, marked)| marked.chars()).collect();
        for (at, letter) in all.iter().enumerate() {
            assert!(!all[..at].contains(letter) && letter.to_lowercase().eq([*letter]), "{letter}");
        }
    }
}
