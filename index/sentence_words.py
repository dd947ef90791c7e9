"""The words that tell a stop in the middle of a sentence from one at its end."""

# Always followed by a name, so never the last word of a sentence.
TITLES = frozenset(
    "mr mrs ms mx dr prof gen gens sen sens rep reps gov govs pres rev hon capt cmdr col lt maj sgt cpl pvt adm brig "
    "supt insp ald atty messrs msgr amb spc pfc asst dep mme mlle".split()
)

# Never the last word of a sentence either, whatever follows.
NEVER_LAST = frozenset("vs v e.g i.e cf viz approx est ca c circa nos figs vol vols pp p".split())

# The last word of a sentence only when a word follows that begins one.
ABBREVIATIONS = frozenset(
    "jan feb apr aug sept nov dec tues thurs etc al inc corp cos ltd llc plc bros jr sr st mt ft fr det ave blvd rd "
    "dept univ assn assoc intl natl ph.d m.d lbs lb oz km kg mph eds avg tel".split()
)

# Words of their own too: abbreviations only before a number.
BEFORE_A_NUMBER = frozenset("no art sec fig ed ch mar jun jul sep oct mon tue wed thu fri sat sun max min co".split())

STATES = frozenset(
    "Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev Okla Ore Pa "
    "Tenn Tex Va Vt Wash Wis Wyo Ont Que".split()
)

TIME_WORDS = frozenset(
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thurs Fri Sat Sun "
    "January February March April May June July August September October November December "
    "Jan Feb Mar Apr Jun Jul Aug Sept Sep Oct Nov Dec "
    "ET EST EDT CT CST CDT MT MST MDT PT PST PDT GMT BST UTC CET CEST IST AEST AEDT JST "
    "Eastern Central Mountain Pacific Greenwich Local".split()
)

# Words that begin a sentence far more often than they go on with one, when they are capitalised.
STARTERS = frozenset(
    "The A An This That These Those There Here It He She They We You I His Her Their Its Our My Your "
    "And But Or So Yet Nor If When While As At After Before Since Until Because Although Though Despite During "
    "In On By For From With Without Within Under Over Among Amid Between Through To Of About Against Around Along "
    "However Meanwhile Moreover Still Then Thus Therefore Instead Also Even Just Only Now Today Yesterday Tomorrow "
    "Earlier Later Once Some Many Most Several Few Both Each Every All Any No Not None Nobody Nothing "
    "Everyone Everything Someone One Two Three Four Five What Who Why How Where Which Whether Whose Is Are Was Were "
    "Did Does Do Has Have Had Could Would Should Might According Asked Officials Critics Experts "
    "Analysts Residents Prosecutors Investigators Authorities Additionally Furthermore Nevertheless "
    "Nonetheless Overall Perhaps Maybe Yes It's That's There's He's She's They're We're I'm I've It’s That’s "
    "There’s He’s She’s They’re We’re I’m I’ve Don't Don’t Let's Let’s Another Other Others People Such Like "
    "Unlike Rather Again Finally Nearly Almost Never Neither Either Thanks".split()
)

SAYING = frozenset(
    "said says asked asks told wrote writes added adds replied replies answered shouted cried yelled exclaimed "
    "tweeted posted wondered continued recalled joked quipped declared insisted demanded thought screamed".split()
)
