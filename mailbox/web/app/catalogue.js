// SPDX-License-Identifier: BSD-2-Clause
// All that the pages say, in each language: [English, German]. {NAME} stands for a value.
// Who reads this may be old, ill, or in a hurry: short sentences, no word of the trade.

export const LANGUAGES = ["en", "de"];

export const CATALOGUE = {
  // On every page.
  "site.title": ["{title} – {site}", "{title} – {site}"],
  "site.protected": ["Protected mail", "Geschützte Post"],
  "site.skip": ["Skip to the content", "Zum Inhalt springen"],
  "site.language": ["Language", "Sprache"],
  "site.foot": [
    "Your letters are encrypted. Only you can open them.",
    "Ihre Briefe sind verschlüsselt. Nur Sie können sie öffnen."],
  "busy": ["One moment …", "Einen Moment …"],
  "again": ["Try again", "Noch einmal versuchen"],
  "continue": ["Continue", "Weiter"],
  "back.inbox": ["Back to the inbox", "Zurück zum Posteingang"],
  "back.sent": ["Back to sent letters", "Zurück zu den gesendeten Briefen"],
  "subject.none": ["(no subject)", "(ohne Betreff)"],
  "and": ["{name} ({address})", "{name} ({address})"],

  // Logging in.
  "login.title": ["Log in", "Anmelden"],
  "login.head": ["Your protected mailbox", "Ihr geschütztes Postfach"],
  "login.text": [
    "Log in to read the letters that are kept here for you.",
    "Melden Sie sich an, um die Briefe zu lesen, die hier für Sie liegen."],
  "login.letter": [
    "{sender} has sent you a protected letter. Log in to read it.",
    "{sender} hat Ihnen einen geschützten Brief geschickt. Melden Sie sich an, um ihn zu lesen."],
  "login.address": ["Your mail address", "Ihre E-Mail-Adresse"],
  "login.password": ["Password", "Passwort"],
  "login.password.hint": [
    "The password that you chose when you opened this mailbox.",
    "Das Passwort, das Sie beim Eröffnen dieses Postfachs gewählt haben."],
  "login.button": ["Log in", "Anmelden"],
  "login.wrong": [
    "The address or the password is not right. Mind capital and small letters.",
    "Die Adresse oder das Passwort stimmt nicht. Achten Sie auf Groß- und Kleinbuchstaben."],
  "login.forgotten": ["I have forgotten my password", "Ich habe mein Passwort vergessen"],
  "login.forgotten.text": [
    "Nobody can restore it, and nobody can change it. That is how your letters are protected. " +
    "Ask the person who writes to you to start a new mailbox for you. New letters then come " +
    "there. The old letters stay closed without the old password.",
    "Niemand kann es wiederherstellen, und niemand kann es ändern. So sind Ihre Briefe " +
    "geschützt. Bitten Sie die Person, die Ihnen schreibt, ein neues Postfach für Sie " +
    "anzulegen. Neue Briefe kommen dann dort an. Die alten Briefe bleiben ohne das alte " +
    "Passwort verschlossen."],
  "login.first": ["Is this your first letter?", "Ist das Ihr erster Brief?"],
  "login.first.text": [
    "Then you have no password yet. Open the link in the mail that you received. If it does not " +
    "work, {code}.",
    "Dann haben Sie noch kein Passwort. Öffnen Sie den Link in der E-Mail, die Sie erhalten " +
    "haben. Wenn das nicht gelingt, {code}."],
  "login.first.code": ["type the code from the mail", "tippen Sie den Code aus der E-Mail ab"],
  "show.password": ["Show password", "Passwort anzeigen"],

  // The code of a link.
  "code.title": ["Type the code", "Code eintippen"],
  "code.text": [
    "The code stands in the mail, below the link: seven groups of four letters and digits.",
    "Der Code steht in der E-Mail unter dem Link: sieben Gruppen aus je vier Buchstaben und " +
    "Ziffern."],
  "code.label": ["Code from the mail", "Code aus der E-Mail"],
  "code.hint": [
    "Capital or small letters and blanks do not matter.",
    "Groß- und Kleinschreibung und Leerzeichen spielen keine Rolle."],
  "code.wrong": [
    "There is a typing mistake in the code, or a part is missing. Please compare it with the mail.",
    "Der Code enthält einen Tippfehler, oder ein Teil fehlt. Bitte vergleichen Sie ihn mit der " +
    "E-Mail."],
  "code.lost": ["I have lost the mail", "Ich habe die E-Mail verloren"],
  "code.lost.text": [
    "We cannot send it again: its link existed in that mail only. Ask the person who wrote to " +
    "you to send the letter again. You will receive a new link, which also opens the earlier " +
    "letters of this person.",
    "Wir können sie nicht noch einmal schicken: Den Link gab es nur in dieser E-Mail. Bitten " +
    "Sie die Person, die Ihnen geschrieben hat, den Brief noch einmal zu schicken. Sie erhalten " +
    "dann einen neuen Link, der auch die früheren Briefe dieser Person öffnet."],

  // Links that open nothing.
  "damaged.title": ["The link is not complete", "Der Link ist nicht vollständig"],
  "damaged.text": [
    "Perhaps your mail program cut it off or changed it. You can type the code instead. It " +
    "stands in the mail, below the link.",
    "Vielleicht hat Ihr E-Mail-Programm ihn abgeschnitten oder verändert. Sie können " +
    "stattdessen den Code eintippen. Er steht in der E-Mail unter dem Link."],
  "gone.title": ["This link does not work any more", "Dieser Link gilt nicht mehr"],
  "gone.text": [
    "The letter was opened already, or it waited for too long, or the sender took it back.",
    "Der Brief wurde schon geöffnet, oder er lag zu lange, oder der Absender hat ihn " +
    "zurückgezogen."],
  "gone.have": [
    "If you have a password for this mailbox, log in. Else ask the sender to send the letter " +
    "again.",
    "Wenn Sie ein Passwort für dieses Postfach haben, melden Sie sich an. Sonst bitten Sie den " +
    "Absender, den Brief noch einmal zu schicken."],
  "locked.title": ["Locked for your protection", "Zu Ihrem Schutz gesperrt"],
  "locked.text": [
    "A wrong PIN was entered too often. {sender} has been told, and can unlock the letter.",
    "Die PIN wurde zu oft falsch eingegeben. {sender} wurde benachrichtigt und kann den Brief " +
    "wieder freigeben."],
  "locked.next": [
    "Please call {name}. Afterwards the same link and the same PIN work again.",
    "Bitte rufen Sie {name} an. Danach gelten derselbe Link und dieselbe PIN wieder."],

  // The PIN.
  "pin.title": ["A protected letter for you", "Ein geschützter Brief für Sie"],
  "pin.from": ["From", "Von"],
  "pin.sent": ["Sent on {date}", "Gesendet am {date}"],
  "pin.text": [
    "Please enter the PIN that {name} gave you, for example by telephone.",
    "Bitte geben Sie die PIN ein, die {name} Ihnen gegeben hat, zum Beispiel am Telefon."],
  "pin.label": ["PIN", "PIN"],
  "pin.hint": ["Digits only. Blanks do not matter.", "Nur Ziffern. Leerzeichen spielen keine Rolle."],
  "pin.wrong": [
    "This PIN is not right. You have {count} tries left.",
    "Diese PIN stimmt nicht. Sie haben noch {count} Versuche."],
  "pin.wrong.last": [
    "This PIN is not right. You have one try left. If you are not sure, ask {name} first.",
    "Diese PIN stimmt nicht. Sie haben noch einen Versuch. Wenn Sie nicht sicher sind, fragen " +
    "Sie zuerst {name}."],
  "pin.shape": ["A PIN has 4 to 16 digits.", "Eine PIN hat 4 bis 16 Ziffern."],
  "pin.none": ["I have no PIN", "Ich habe keine PIN"],
  "pin.none.text": [
    "Ask {name} for it. Use a telephone number that you already know, and none that stands in " +
    "a mail. The PIN makes sure that nobody reads your letter who merely got hold of the mail.",
    "Fragen Sie {name} danach. Nehmen Sie eine Telefonnummer, die Sie schon kennen, und keine " +
    "aus einer E-Mail. Die PIN sorgt dafür, dass niemand Ihren Brief liest, der nur die E-Mail " +
    "abgefangen hat."],
  "pin.not.needed": [
    "No PIN is needed for this letter.", "Für diesen Brief ist keine PIN nötig."],

  // The password that can never be changed.
  "password.title": ["Choose your password", "Wählen Sie Ihr Passwort"],
  "password.text": [
    "It opens this letter and all protected letters that will come to {address}.",
    "Es öffnet diesen Brief und alle geschützten Briefe, die künftig an {address} kommen."],
  "password.keep.lead": [
    "Nobody can restore it.", "Niemand kann es wiederherstellen."],
  "password.keep": [
    "It can never be changed. Without it, your letters stay closed for ever. Let your browser " +
    "keep it, or write it down and put it in a safe place.",
    "Es lässt sich nie mehr ändern. Ohne das Passwort bleiben Ihre Briefe für immer " +
    "verschlossen. Lassen Sie es Ihren Browser speichern, oder schreiben Sie es auf und " +
    "verwahren Sie es sicher."],
  "password.forwarded.lead": [
    "Was the mail forwarded to you?", "Wurde Ihnen die E-Mail weitergeleitet?"],
  "password.forwarded": [
    "Then please stop here. Else the mailbox becomes yours, and {address} can never open it.",
    "Dann hören Sie bitte hier auf. Sonst gehört das Postfach Ihnen, und {address} kann es " +
    "nie mehr öffnen."],
  "password.address": ["Your mail address", "Ihre E-Mail-Adresse"],
  "password.new": ["New password", "Neues Passwort"],
  "password.hint": [
    "At least {count} characters. Four words that have nothing to do with each other are good.",
    "Mindestens {count} Zeichen. Gut sind vier Wörter, die nichts miteinander zu tun haben."],
  "password.again": ["The same password once more", "Dasselbe Passwort noch einmal"],
  "password.agree": [
    "{address} is my address, and I have kept the password safe.",
    "{address} ist meine Adresse, und ich habe das Passwort sicher verwahrt."],
  "password.button": ["Open my mailbox", "Mein Postfach eröffnen"],
  "password.short": [
    "The password is too short. It needs at least {count} characters; these are {have}.",
    "Das Passwort ist zu kurz. Es braucht mindestens {count} Zeichen; das sind {have}."],
  "password.simple": [
    "This password is too easy to guess. Please choose another.",
    "Dieses Passwort ist zu leicht zu erraten. Bitte wählen Sie ein anderes."],
  "password.differs": [
    "The two passwords are not the same.", "Die beiden Passwörter sind nicht gleich."],
  "password.unagreed": [
    "Please confirm this first.", "Bitte bestätigen Sie das zuerst."],
  "password.taken": [
    "A password was already set for this mailbox, a moment ago. If it was you, log in with it. " +
    "If it was not you, please call {name}.",
    "Für dieses Postfach wurde gerade eben schon ein Passwort festgelegt. Wenn Sie das waren, " +
    "melden Sie sich damit an. Wenn nicht, rufen Sie bitte {name} an."],
  "password.late": [
    "That took more than 15 minutes. Please enter the PIN once more.",
    "Das hat länger als 15 Minuten gedauert. Bitte geben Sie die PIN noch einmal ein."],

  // The mailbox.
  "inbox.title": ["Inbox", "Posteingang"],
  "sent.title": ["Sent", "Gesendet"],
  "nav.label": ["Your mailbox", "Ihr Postfach"],
  "nav.logout": ["Log out", "Abmelden"],
  "list.empty": ["There are no letters.", "Hier liegen keine Briefe."],
  "list.more": ["Show older letters", "Ältere Briefe anzeigen"],
  "list.unread": ["New", "Neu"],
  "list.withheld": ["Opens with a PIN from {name}", "Öffnet sich mit einer PIN von {name}"],
  "list.link": ["Opens with the link of {date}", "Öffnet sich mit dem Link vom {date}"],
  "list.to": ["To {name}", "An {name}"],
  "list.unreadable": ["This letter is damaged", "Dieser Brief ist beschädigt"],
  "list.expires": [
    "This mailbox is kept until {date}. Each letter and each login prolongs that.",
    "Dieses Postfach bleibt bis {date} bestehen. Jeder Brief und jede Anmeldung verlängert das."],
  "retired": [
    "A new mailbox was started for you. This old one can still be read, but not answered from.",
    "Für Sie wurde ein neues Postfach angelegt. Dieses alte können Sie noch lesen, aber nicht " +
    "mehr daraus antworten."],
  "draft.found": [
    "You began a reply to {name} on {date}.",
    "Sie haben am {date} eine Antwort an {name} begonnen."],
  "draft.continue": ["Go on writing", "Weiterschreiben"],
  "draft.discard": ["Delete the draft", "Entwurf löschen"],

  // A letter.
  "letter.from": ["From", "Von"],
  "letter.to": ["To", "An"],
  "letter.cc": ["Copy to", "Kopie an"],
  "letter.date": ["Date", "Datum"],
  "letter.loading": ["The letter is being opened.", "Der Brief wird geöffnet."],
  "letter.frame": ["Text of the letter", "Text des Briefes"],
  "letter.nothing": ["This letter has no text.", "Dieser Brief enthält keinen Text."],
  "letter.pictures": [
    "Pictures from the Internet are not shown. They would tell others that you read this letter.",
    "Bilder aus dem Internet werden nicht gezeigt. Sie würden anderen verraten, dass Sie diesen " +
    "Brief lesen."],
  "letter.attachments": ["Attachments", "Anhänge"],
  "letter.attachment": ["attachment {count}", "Anhang {count}"],
  "letter.attachment.caution": [
    "Open attachments only if you expected them.",
    "Öffnen Sie Anhänge nur, wenn Sie sie erwartet haben."],
  "letter.save": ["save", "speichern"],
  "letter.reply": ["Reply", "Antworten"],
  "letter.eml": ["Save the letter", "Brief speichern"],
  "letter.print": ["Print", "Drucken"],
  "letter.delete": ["Delete", "Löschen"],
  "letter.delete.ask": [
    "Delete this letter for ever?", "Diesen Brief endgültig löschen?"],
  "letter.delete.yes": ["Yes, delete", "Ja, löschen"],
  "letter.delete.no": ["No, keep it", "Nein, behalten"],
  "letter.damaged": [
    "This letter is damaged and cannot be shown. Please ask the sender to send it again.",
    "Dieser Brief ist beschädigt und lässt sich nicht anzeigen. Bitten Sie den Absender, ihn " +
    "noch einmal zu schicken."],
  "letter.gone": ["This letter is not here any more", "Dieser Brief ist nicht mehr hier"],
  "letter.gone.text": [
    "It was deleted, or its time has run out.",
    "Er wurde gelöscht, oder seine Zeit ist abgelaufen."],
  "letter.size.bytes": ["{count} bytes", "{count} Byte"],
  "letter.size.kb": ["{count} KB", "{count} KB"],
  "letter.size.mb": ["{count} MB", "{count} MB"],
  "withheld.title": ["A letter from {name}", "Ein Brief von {name}"],
  "withheld.text": [
    "This is the first letter from {sender} in your mailbox. Please enter the PIN that {name} " +
    "gave you. You need it only once.",
    "Das ist der erste Brief von {sender} in Ihrem Postfach. Bitte geben Sie die PIN ein, die " +
    "{name} Ihnen gegeben hat. Sie brauchen sie nur einmal."],
  "other.text": [
    "This letter came before you opened the mailbox. It opens with the link in the mail of " +
    "{date}. Open that link, or type its code here.",
    "Dieser Brief kam, bevor Sie das Postfach eröffnet haben. Er öffnet sich mit dem Link in der " +
    "E-Mail vom {date}. Öffnen Sie diesen Link, oder tippen Sie seinen Code hier ein."],
  "other.wrong": [
    "This code is right, but it belongs to another letter.",
    "Dieser Code ist richtig, gehört aber zu einem anderen Brief."],

  // A reply.
  "reply.title": ["Reply to {name}", "Antwort an {name}"],
  "reply.to": ["To", "An"],
  "reply.subject": ["Subject", "Betreff"],
  "reply.subject.re": ["Re: {subject}", "Re: {subject}"],
  "reply.text": ["Your reply", "Ihre Antwort"],
  "reply.attach": ["Attach files", "Dateien anhängen"],
  "reply.attached": ["Attached files", "Angehängte Dateien"],
  "reply.limit": ["Up to {size} in all.", "Zusammen bis zu {size}."],
  "reply.detach": ["Remove {name}", "{name} entfernen"],
  "reply.uploading": ["{name}: {percent} %", "{name}: {percent} %"],
  "reply.send": ["Send the reply", "Antwort senden"],
  "reply.protected": [
    "The reply is protected on its way. It goes to {address} and to nobody else.",
    "Die Antwort ist auf ihrem Weg geschützt. Sie geht an {address} und an niemanden sonst."],
  "reply.saved": ["Draft saved at {time}", "Entwurf gespeichert um {time}"],
  "reply.saving": ["Saving the draft …", "Entwurf wird gespeichert …"],
  "reply.unsaved": [
    "The draft could not be saved just now.", "Der Entwurf ließ sich gerade nicht speichern."],
  "reply.restored": [
    "This is what you had written before.", "Das hatten Sie zuvor geschrieben."],
  "reply.empty": [
    "Please write something, or attach a file.",
    "Bitte schreiben Sie etwas, oder hängen Sie eine Datei an."],
  "reply.long": ["The text is too long.", "Der Text ist zu lang."],
  "reply.large": [
    "{name} is too large. All together may have {size}.",
    "{name} ist zu groß. Alles zusammen darf {size} haben."],
  "reply.many": ["No more than 64 files.", "Nicht mehr als 64 Dateien."],
  "reply.lost": [
    "{name} did not arrive completely. Please attach it again.",
    "{name} kam nicht vollständig an. Bitte hängen Sie die Datei noch einmal an."],
  "reply.waits": [
    "Please wait until the files have arrived.",
    "Bitte warten Sie, bis die Dateien angekommen sind."],
  "reply.refused": [
    "Your reply cannot be delivered: the address of the person who wrote to you takes no mail any " +
    "more, or your files are too large for it. Your draft is kept. Please call that person.",
    "Ihre Antwort kann nicht zugestellt werden: Die Adresse der Person, die Ihnen geschrieben hat, " +
    "nimmt keine Post mehr an, oder Ihre Dateien sind zu groß für sie. Ihr Entwurf bleibt " +
    "erhalten. Bitte rufen Sie diese Person an."],
  "reply.quota": [
    "You have sent as many replies as are allowed in a day. Your draft is kept. Please try again " +
    "tomorrow.",
    "Sie haben heute so viele Antworten gesendet, wie an einem Tag erlaubt sind. Ihr Entwurf " +
    "bleibt erhalten. Bitte versuchen Sie es morgen noch einmal."],
  "reply.done.title": ["Your reply has been sent", "Ihre Antwort ist abgeschickt"],
  "reply.done.text": [
    "It is on its way to {sender}. You find a copy under Sent.",
    "Sie ist unterwegs zu {sender}. Eine Kopie finden Sie unter „Gesendet“."],
  "reply.done.sent": ["Show my sent letters", "Meine gesendeten Briefe zeigen"],

  // Being away.
  "idle.title": ["Are you still there?", "Sind Sie noch da?"],
  "idle.text": [
    "You will be logged out at {time}, so that nobody else reads your letters.",
    "Sie werden um {time} abgemeldet, damit niemand sonst Ihre Briefe liest."],
  "idle.stay": ["Stay logged in", "Angemeldet bleiben"],
  "ended.title": ["You have been logged out", "Sie wurden abgemeldet"],
  "ended.text": [
    "Nothing happened for a while. A reply that you were writing has been kept.",
    "Eine Weile ist nichts geschehen. Eine begonnene Antwort ist aufgehoben."],
  "ended.left": [
    "You are logged out. You may close this window.",
    "Sie sind abgemeldet. Sie können dieses Fenster schließen."],

  // What goes wrong.
  "trouble.title": ["That did not work", "Das hat nicht geklappt"],
  "trouble.network": [
    "The mailbox cannot be reached. Please look at your Internet connection, and try again. " +
    "Nothing was lost.",
    "Das Postfach ist nicht erreichbar. Bitte prüfen Sie Ihre Internetverbindung, und versuchen " +
    "Sie es noch einmal. Es ist nichts verloren."],
  "trouble.slow": [
    "There were too many tries from your network. Please wait until {time}, and try again.",
    "Aus Ihrem Netz kamen zu viele Versuche. Bitte warten Sie bis {time}, und versuchen Sie es " +
    "dann noch einmal."],
  "trouble.later": [
    "The mailbox cannot do this at the moment. Please try again later. Nothing was lost.",
    "Das Postfach kann das im Augenblick nicht. Bitte versuchen Sie es später noch einmal. Es " +
    "ist nichts verloren."],
  "trouble.full": [
    "There is no more room in the mailbox. Please delete letters that you do not need.",
    "Im Postfach ist kein Platz mehr. Bitte löschen Sie Briefe, die Sie nicht brauchen."],
  "trouble.other": [
    "Something unexpected happened ({what}). Please try again.",
    "Etwas Unerwartetes ist geschehen ({what}). Bitte versuchen Sie es noch einmal."],
  "wasm.title": [
    "This browser cannot open the mailbox", "Dieser Browser kann das Postfach nicht öffnen"],
  "wasm.text": [
    "A part of it that computes your key is switched off (WebAssembly). On an iPhone, this is so " +
    "in lockdown mode. Please take another browser or another device, or allow it for this page.",
    "Ein Teil, der Ihren Schlüssel berechnet, ist abgeschaltet (WebAssembly). Auf dem iPhone " +
    "geschieht das im Blockierungsmodus. Bitte nehmen Sie einen anderen Browser oder ein anderes " +
    "Gerät, oder erlauben Sie es für diese Seite."],
  "crypto.text": [
    "It is too old, or this page was not opened by a secure connection (https).",
    "Er ist zu alt, oder diese Seite wurde nicht über eine sichere Verbindung geöffnet (https)."],
};
