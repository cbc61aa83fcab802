"""The headers that mean a field, as other programs and other languages write them."""

import re
import unicodedata

from ...validation.host_fields import HOST_FIELDS


def reduced(header: str) -> str:
    """Return a header without case, accents, and what is no letter or digit."""
    if not header.isascii():
        text = unicodedata.normalize("NFKD", header)
        header = "".join(char for char in text if not unicodedata.combining(char))
    return re.sub(r"[\W_]+", "", header.casefold())


# What a host may be called by, the most specific first: its own name, that of a guest
# beside its hypervisor, one of the DNS, just a name, and the thing that has a name.
HOSTNAME = (
    *("hostname", "inventoryhostname", "ansiblehostname", "hostnamefqdn"),
    *("nomdhôte", "nomdelhôte", "nombredehost", "nombredelhost", "nomehost"),
    *("nomedohost", "hostnaam", "nazwahosta", "имяхоста", "主机名", "主机名称"),
    *("主機名稱", "主機名", "ホスト名", "호스트명", "호스트이름", "värdnamn"),
)
GUEST = ("vm", "vmname", "virtualmachine", "virtualmachinename", "guest", "guestname")
DNS_NAME = ("fqdn", "dnsname", "dnshostname", "fullyqualifieddomainname")
NAME = (
    *("name", "nom", "nombre", "nome", "naam", "namn", "nazwa", "имя", "название"),
    *("名称", "名稱", "名前", "이름"),
)
NAMED_THING = (
    *("servername", "computername", "devicename", "machinename", "nodename"),
    *("instancename", "assetname", "systemname", "rechnername", "gerätename"),
    *("nomduserveur", "nomdelamachine", "nombredelservidor", "nomedoservidor"),
    *("netbiosname", "netbiosname0", "commonname"),
    *("имясервера", "服务器名", "服务器名称", "伺服器名稱", "サーバ名", "サーバー名"),
    *("機器名", "서버명", "サーバ名称"),
)
THING = (
    *("host", "server", "device", "machine", "computer", "node", "rechner", "gerät"),
    *("hôte", "serveur", "servidor", "equipo", "хост", "сервер", "主机", "服务器"),
    *("主機", "ホスト", "サーバ", "サーバー", "서버", "호스트"),
)
# Of one group, two columns say two things; between the groups the first one wins.
NAME_GROUPS = (HOSTNAME, GUEST, DNS_NAME, NAME, NAMED_THING, THING)

# What other programs call a field, and other languages, beside ``HOST_FIELDS``.
_OTHER_ADDRESSES = (
    *("publicip", "publicipaddress", "publicipv4", "publicipv4address"),
    *("externalip", "externalipaddress", "elasticip", "secondaryip"),
)
_MORE: dict[str, tuple[str, ...]] = {
    "hostname": tuple(name for group in NAME_GROUPS for name in group),
    "ip_addr": (
        *("primaryipaddress", "primaryipv4address", "privateipv4address"),
        *("privateipv4", "internalip", "internalipaddress", "hostaddress", "hostip"),
        *("hostipaddress", "serverip", "serveripaddress", "deviceip"),
        *("deviceipaddress", "agentip", "agentaddress", "nodeip", "interfaceip"),
        *("interfaceipaddress", "vmip", "guestip", "guestipaddress", "currentip"),
        *("localip", "lanip", "ipno", "iphost", "ipv4addr"),
        *("ipadresse", "adresseip", "direcciónip", "endereçoip", "indirizzoip"),
        *("ipadres", "adresip", "ipadress", "ipcím", "adresaip", "ipадрес", "адресip"),
        *("айпи", "ip地址", "ip位址", "ipアドレス", "ip주소", "ipадреса"),
        *("managementip", "managementipaddress", "mgmtip", "mgmtipaddress"),
        *("networkingip", "networkip", "réseauip", "ipaddress0"),
        *_OTHER_ADDRESSES,
        # Of several in one cell, the first is the address.
        *("ipaddresses", "ipaddresses0"),
    ),
    "addresses": ("allipaddresses", "secondaryips", *_OTHER_ADDRESSES),
    "port": ("端口", "ポート", "포트"),
    "environment": (
        *("umgebung", "environnement", "entorno", "ambiente", "omgeving", "środowisko"),
        *("среда", "环境", "環境", "환경"),
    ),
    "os": (
        *("operatingsystemname", "guestos", "osaccordingtotheconfigurationfile"),
        *("osaccordingtothevmwaretools", "operatingsystemnameand0"),
        *("systèmedexploitationnom",),
        *("betriebssystem", "systèmedexploitation", "sistemaoperativo"),
        *("sistemaoperacional", "besturingssysteem", "systemoperacyjny"),
        *("операционнаясистема", "ос", "操作系统", "作業系統", "운영체제"),
    ),
    "location": (
        *(
            "standort",
            "rechenzentrum",
            "emplacement",
            "lieu",
            "ubicación",
            "localização",
        ),
        *("posizione", "locatie", "lokalizacja", "расположение", "位置", "机房"),
        *("機房", "設置場所", "場所", "위치", "lieu"),
    ),
    "role": (
        *("rolle", "funktion", "rôle", "fonction", "rol", "função", "ruolo", "роль"),
        *("角色", "用途", "役割", "역할"),
    ),
    "owner": (
        *("verantwortlich", "verantwortlicher", "eigentümer", "besitzer"),
        *("propriétaire", "responsable", "propietario", "proprietário", "eigenaar"),
        *("właściciel", "владелец", "ответственный", "负责人", "負責人", "担当者"),
        *("管理者", "담당자"),
    ),
    "groups": (
        *("gruppen", "gruppe", "groupes", "grupos", "gruppi", "группы", "分组"),
        *("グループ", "그룹"),
    ),
    "notes": (
        *("annotation", "bemerkung", "bemerkungen", "kommentar", "beschreibung"),
        *("notiz", "notizen", "remarque", "remarques", "commentaire", "commentaires"),
        *("observaciones", "notas", "descripción", "descrição", "descrizione"),
        *("opmerkingen", "uwagi", "примечание", "примечания", "备注", "備註", "備考"),
        "비고",
    ),
}
# Names of columns, reduced to letters and digits; the first that a table has is taken.
ALIASES: dict[str, tuple[str, ...]] = {
    field.name: tuple(
        dict.fromkeys(
            map(reduced, (field.name, *field.headers, *_MORE.get(field.name, ())))
        )
    )
    for field in HOST_FIELDS
    if field.rule is not None
}
KNOWN = frozenset(alias for aliases in ALIASES.values() for alias in aliases)
NAMING = frozenset((*ALIASES["hostname"], *ALIASES["ip_addr"]))


def known_field(header: str) -> bool:
    return reduced(header) in KNOWN
